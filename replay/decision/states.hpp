// What the folds did with the records of a trace: rows before and after, and effects asked.
//
// The one thing to know: a state is what its whole history made of it, so this folds the inbox partitions concerned
// from their beginning, or the nearest stored state, up to each record of the trace; `cost` tells how many records that
// is.
#pragma once

#include <map>

#include "replay/changes.hpp"
#include "replay/decision/trace.hpp"

namespace virtscale::replay {

/// Used once.
class StateFolder {
 public:
  /// All outlive it. Throws LogError, IndexError and SnapshotError.
  StateFolder(Log& log, StateIndex& index, Trace& trace);

  /// Records to fold.
  std::uint64_t cost() const { return cost_; }
  /// Folds them, and fills `asked` and `changed` of the trace's records; timers are linked to the records that set
  /// them. Throws LogError.
  void run(const OnProgress& progress);

 private:
  // One inbox partition, and where the trace's records on it are in the trace.
  struct Inbox {
    std::unique_ptr<Refold> refold;
    std::map<std::uint64_t, std::size_t> records;  // by offset
  };

  std::uint64_t cost_of(const Inbox& inbox);
  void fold(Inbox& inbox, const OnProgress& progress);
  // Both are false once the partition halts.
  bool fold_to(Refold& refold, std::uint64_t offset, const OnProgress& progress);
  bool fold_one(Refold& refold, ChangeFollower& follower, TracedRecord& record);

  Log& log_;
  StateIndex& index_;
  Trace& trace_;
  std::vector<Inbox> inboxes_;
  std::uint64_t cost_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace virtscale::replay
