// What a fold may wish for: events on topics, requests to the outside, and timers. Nothing happens before the log has
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/event.hpp"
#include "topology/contract/units.hpp"

namespace virtscale {

/// Where an event goes, and which thread it belongs to. What is left out is taken from the record that is folded.
struct Address {
  Topic topic{};
  std::string_view key{};                 ///< decides the partition: see graph.hpp for what each topic is keyed by
  std::optional<std::string_view> org{};  ///< default: the org of the record
  std::optional<ScaleId> scale{};         ///< default: the scale event of the record
  EventId answers{};                      ///< the request that this event answers, if any
};

/// Collects what one step emits, asks and sets. Order is kept: it becomes part of the events' ids.
///
/// Bodies are encoded by the free function `encode(body, org)` that is found beside the body's type
/// (schemas/codec.hpp), so that this language knows no format.
class Outbox {
 public:
  struct Emission {
    Topic topic{};
    std::string key;
    ScaleId scale;
    EventId answers;
    std::vector<std::byte> event;  ///< an encoded Event whose header is still blank
  };
  struct Request {
    ScaleId scale;
    std::vector<std::byte> event;
  };
  struct Timer {
    std::string key;
    std::optional<Instant> due;  ///< none: cancelled
    ScaleId scale;
    std::string org;
  };

  /// For the step of a record of `org` and `scale`.
  Outbox(std::string_view org, ScaleId scale) : org_(org), scale_(scale) {}
  /// The same for the next step; the memory of the last one is used again. `org` is borrowed until then.
  void begin(std::string_view org, ScaleId scale) {
    org_ = org;
    scale_ = scale;
    emissions_.clear();
    requests_.clear();
    timers_.clear();
  }

  /// Appends `body` to a topic, as an event of the thread of the folded record unless `to` says otherwise.
  template <class Body>
  void emit(const Address& to, const Body& body) {
    const auto org = to.org.value_or(org_);
    emissions_.push_back({to.topic, std::string(to.key), to.scale.value_or(scale_), to.answers, encode(body, org)});
  }

  /// Asks the outside for an effect. It runs once all that led to it is durable; its answer comes to this inbox.
  template <class Body>
  void ask(const Body& body, std::optional<ScaleId> scale = {}) {
    requests_.push_back({scale.value_or(scale_), encode(body, org_)});
  }

  /// Sets the timer `key`, or moves it: a `TimerFired` with this key comes to this inbox at `due` or later, with the
  /// org and the scale event of the record that is folded now. Keys are the fold's own, unique in its partition.
  void wake(std::string_view key, Instant due) {
    timers_.push_back({std::string(key), due, scale_, std::string(org_)});
  }
  /// Cancels the timer `key`; one that is not set is cancelled already.
  void cancel(std::string_view key) { timers_.push_back({std::string(key), std::nullopt, scale_, std::string(org_)}); }

  std::vector<Emission>& emissions() { return emissions_; }
  std::vector<Request>& requests() { return requests_; }
  std::vector<Timer>& timers() { return timers_; }

 private:
  std::string_view org_;
  ScaleId scale_;
  std::vector<Emission> emissions_;
  std::vector<Request> requests_;
  std::vector<Timer> timers_;
};

}  // namespace virtscale
