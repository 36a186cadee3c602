// A town: orgs, services and a cell, whose days are recorded as a data directory that replay reads.
//
// The one thing to know: every stage's real fold runs, on one thread, in the order of time; what is outside answers
// after times that a seed decides. So the same calls give the same log, to the byte, but for its keys.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "replay/refold.hpp"
#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/host/edge_id.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale::test {

class Town {
 public:
  /// A new data directory: `log/` and `keys/`. The day begins at 2026-04-21T00:00:00Z.
  explicit Town(const std::filesystem::path& directory, LogLayout layout = {}, std::uint64_t seed = 1);
  ~Town();

  /// A cell `prod` of this many nodes with 64 vCPU each.
  void build_cell(int nodes);
  /// A contract over so many vCPU, and enough of the rest, with 10 % overage and a mail address.
  void sign_contract(const std::string& org, int vcpu);
  /// A service `web` of 10 vCPU domains, at least one of them, cooldowns of a minute, rules for `hot` and `cold`.
  void open_service(const std::string& org);

  void alert(const std::string& org, const std::string& name, int percent);
  void resolve(const std::string& org, const std::string& name);
  void request(const std::string& org, int change);

  /// Lets time pass, and all that is due in it happen.
  void pass(Duration time);
  Instant now() const { return clock_.now(); }
  std::uint64_t records() const { return records_; }
  /// Applies a document as an edge would.
  void apply(Topic to, std::string_view key, std::vector<std::byte> event) { append({to, key, std::move(event)}); }
  /// Makes everything durable.
  void sync() { log_->sync(); }

 private:
  struct Append {
    Topic to{};
    std::string_view key;
    std::vector<std::byte> event;
    EventId answers{};
    ScaleId scale{};
    std::uint32_t partition = 0;
  };

  void append(Append record);
  void fold_all();
  bool fold_some(replay::Refold& refold);
  void answer_later(TopicPartition inbox, const RequestView& request);
  std::vector<std::byte> answer_to(const EffectRequest& request);
  bool ring_one(Instant until);
  Duration between(int low_ms, int high_ms);

  ManualClock clock_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Signer> signer_;
  EdgeIds ids_{42};
  std::uint64_t drawn_;
  std::vector<std::unique_ptr<replay::Refold>> refolds_;
  std::multimap<Instant, std::function<void()>> later_;
  std::map<std::string, int> alerts_;  // how often each was raised
  std::uint32_t addresses_ = 0;
  std::uint64_t records_ = 0;
};

}  // namespace virtscale::test
