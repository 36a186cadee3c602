// What the folds did with the records of a trace: rows before and after, and effects asked.
//
// The one thing to know: a state is what its whole history made of it, so this folds the inbox partitions concerned
// from their beginning (or a snapshot) up to the last record of the trace; `cost` tells how many records that is.
#pragma once

#include <filesystem>
#include <map>

#include "replay/decision/trace.hpp"
#include "replay/refold.hpp"

namespace virtscale::replay {

/// Used once.
class StateFolder {
 public:
  /// `snapshots` as in LogSource; empty: from the first record. `log` and `trace` outlive it. Throws SnapshotError.
  StateFolder(Log& log, const std::filesystem::path& snapshots, Trace& trace);

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

  void fold(Inbox& inbox, const OnProgress& progress);
  void note(TracedRecord& record, Step& step) const;

  Log& log_;
  Trace& trace_;
  std::vector<Inbox> inboxes_;
  std::uint64_t cost_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace virtscale::replay
