// A rebuild: a cut, folded from its own states, so that what is left out is not missed.
//
// The one thing to know: lanes count without a gap, and a cut has gaps. So events are numbered anew, as the folds
// number them; and each must be the recorded event to the byte but for its lane number and its hash. A cut for which
// that does not hold has left out something that mattered.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "replay/capsule/cut.hpp"
#include "replay/capsule/redaction.hpp"
#include "replay/capsule/rows.hpp"

namespace virtscale::replay {

class Rebuild {
 public:
  /// With a redaction, what came from outside and the states are redacted, and the rest is what the folds make of it.
  /// `redaction` may be null, and outlives this.
  Rebuild(const LogLayout& layout, Cut cut, Redaction* redaction);

  /// Folds all; false if the cut does not stand by itself: `fault` says why.
  bool run();
  const std::string& fault() const { return fault_; }

  /// REQUIRES: `run` was true. The records as the capsule has them, and the states before them.
  Cut take() { return {std::move(rebuilt_), std::move(cut_.states)}; }

 private:
  struct LanePlace {
    Source stage{};
    std::uint32_t partition = 0;
    TopicPartition target;
    friend auto operator<=>(const LanePlace&, const LanePlace&) = default;
  };
  struct Lane {
    LaneEnd end;                  // as the state before the cut has it
    std::deque<Emitted> emitted;  // and not met yet
  };

  void begin();
  void number_from_before();
  void take_number(KeptRecord& record, LaneEnd& end);
  static TopicPartition inbox_of(const LanePlace& place);
  std::optional<LanePlace> lane_of(const schema::Event& event, TopicPartition target) const;
  bool is_from_before(const schema::Event& event) const;
  bool is_ready(const KeptRecord& record);
  std::optional<std::size_t> next_ready();
  bool take_record(KeptRecord record);
  bool take_emitted(KeptRecord& record, const LanePlace& place);
  void redact_from_outside(KeptRecord& record);
  bool fold(const KeptRecord& record);
  bool ends_well();
  bool fail(const KeptRecord& record, const std::string& why);

  const LogLayout layout_;
  Cut cut_;
  Redaction* redaction_;
  std::map<TopicPartition, std::unique_ptr<Refold>> refolds_;
  std::map<LanePlace, Lane> lanes_;
  std::map<TopicPartition, std::deque<std::size_t>> waiting_;  // records of each partition, in their order
  std::map<TopicPartition, std::uint64_t> last_cause_;         // of an event that was met
  std::vector<KeptRecord> rebuilt_;
  std::string fault_;
};

}  // namespace virtscale::replay
