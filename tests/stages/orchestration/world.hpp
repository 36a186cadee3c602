// A world for one fold: hands it records, keeps what it emits, asks and sets, and checks the invariants after each
// step.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"
#include "stages/orchestration/fold.hpp"

namespace virtscale::orchestration {

inline constexpr Instant noon{1'776'772'800'000'000};

/// An event that the fold emitted.
struct Told {
  Topic topic;
  std::string key;
  std::string org;
  ScaleId scale;
  EventId answers;
  std::vector<std::byte> bytes;

  const schema::Event& event() const { return *schema::GetEvent(bytes.data()); }
  template <class T>
  const T* as() const {
    return event().body_type() == schema::BodyTraits<T>::enum_value ? static_cast<const T*>(event().body()) : nullptr;
  }
};

/// A request that waits for its answer.
struct Asked {
  EventId id;
  ScaleId scale;
  std::vector<std::byte> bytes;

  std::string org() const { return schema::GetEvent(bytes.data())->org()->str(); }
  const schema::StartDomain* start() const { return schema::GetEvent(bytes.data())->body_as_StartDomain(); }
  const schema::StopDomain* stop() const { return schema::GetEvent(bytes.data())->body_as_StopDomain(); }
};

class World {
 public:
  State state;
  Instant now = noon;
  std::vector<Told> told;    ///< all of them, in order
  std::vector<Asked> asked;  ///< those that wait for an answer
  std::string recording;     ///< every byte that came out, to compare two runs

  /// A record from outside or another stage.
  template <class Body>
  void tell(const Body& body, std::string_view org = "", ScaleId scale = {}) {
    const auto bytes = schema::encode(body, org);
    Inbound in = inbound(org, scale, bytes);
    run(in);
  }

  /// The answer to the `n`-th request that waits.
  template <class Body>
  void answer(std::size_t n, const Body& body) {
    const auto request = asked.at(n);
    asked.erase(asked.begin() + static_cast<std::ptrdiff_t>(n));
    const auto org = request.org();
    const auto bytes = schema::encode(body, org);
    Inbound in = inbound(org, request.scale, bytes);
    in.answers = request.id;
    in.request = request.bytes;
    run(in);
  }

  /// Answers the `n`-th request with success.
  void succeed(std::size_t n);
  /// Answers the `n`-th request with failure.
  void fail(std::size_t n, const std::string& reason = "out of luck");
  /// Answers all requests with success until none is left.
  void succeed_all() {
    while (!asked.empty()) succeed(0);
  }

  /// Lets time pass; timers that are due ring.
  void pass(Duration by);
  const std::map<std::string, Outbox::Timer>& timers() const { return timers_; }

  /// The events of one type, in order.
  template <class T>
  std::vector<const T*> all() const {
    std::vector<const T*> found;
    for (const auto& one : told) {
      if (const auto* body = one.as<T>()) found.push_back(body);
    }
    return found;
  }

  void apply_cell(std::string_view cell, const std::vector<schema::NodeSpecT>& nodes,
                  schema::PlacementOrder placement = schema::PlacementOrder::least_loaded);
  /// A scale-out of `count` domains; returns their names.
  std::vector<std::string> out(std::string_view service, int count, ScaleId scale, std::int64_t vcpu_milli = 10'000,
                               std::int64_t ram_mib = 48 * 1024, std::string_view org = "acme");
  void in(std::string_view service, int count, ScaleId scale, std::string_view org = "acme");
  void backend_gone(const std::string& domain);
  void backend_failed(const std::string& domain, const std::string& reason);

  /// Every row of every table, as bytes.
  std::string rows() const;
  /// Puts the rows of `other` into this world's empty state, as a restart would.
  void load_rows_of(World& other);

 private:
  Inbound inbound(std::string_view org, ScaleId scale, Bytes event) const;
  void run(const Inbound& in);

  std::uint64_t offset_ = 100;
  std::map<std::string, Outbox::Timer> timers_;
  Arena arena_;  // of all that was told, asked and set
};

/// A node with `numa` equal NUMA nodes.
schema::NodeSpecT node(std::string name, std::string zone, int numa = 2, std::int64_t vcpu_milli = 32'000,
                       std::int64_t ram_mib = 128 * 1024);

}  // namespace virtscale::orchestration
