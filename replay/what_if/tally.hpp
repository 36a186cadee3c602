// What a history decided and what it cost, for each org: taken while policy and dataplane are folded, the recorded
// history and the changed one alike.
//
// The one thing to know: figures come from policy's own books, between one record and the next; nothing is estimated.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "replay/refold.hpp"
#include "stages/policy/state.hpp"

namespace virtscale::replay {

/// One ScaleDecided, and when the last of its domains served.
struct TalliedDecision {
  std::string service;
  bool admitted = false;
  schema::SignalKind kind{};
  std::string name;  ///< of the alert, the cron expression, or `request`
  std::string code;
  std::string reason;
  std::int32_t from = 0;
  std::int32_t to = 0;
  Instant decided;
  Instant served{};  ///< 0: no domain of it served in the range
};

struct OrgTally {
  std::map<ScaleId, TalliedDecision> decisions;
  double vcpu_hours = 0;      ///< of domains that ran
  Duration over_quota{};      ///< with more used and promised than the quota in some dimension: within the overage
  std::int64_t replicas = 0;  ///< of all services at the end
  std::int64_t requests_refused = 0;  ///< of those that somebody asked for
};

class Tally {
 public:
  /// Begins with what a partition of policy holds already.
  void begin(const policy::State& state, Instant at);
  /// REQUIRES: called after each record in the range, with the time at which the partition folded it.
  void folded(const Refold& refold, const LogRecord& record, const Step& step);
  /// The decisions since the last call, each with its org.
  std::vector<std::pair<std::string, ScaleId>> take_fresh() { return std::exchange(fresh_, {}); }
  /// Ends the range for all.
  void end(const policy::State& state, Instant at);

  const std::map<std::string, OrgTally, std::less<>>& orgs() const { return orgs_; }

 private:
  struct Usage {
    Instant since;
    std::int64_t vcpu_milli = 0;
    bool over_quota = false;
  };

  void account(const std::string& org, const policy::State& state, Instant at);
  void note_decided(const schema::Event& event, const schema::ScaleDecided& decided);
  void note_served(const schema::Event& event, const schema::DomainServing& serving);

  std::map<std::string, OrgTally, std::less<>> orgs_;
  std::map<std::string, Usage, std::less<>> usage_;
  std::vector<std::pair<std::string, ScaleId>> fresh_;
};

}  // namespace virtscale::replay
