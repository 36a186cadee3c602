// The states that were stored of a log, so that whoever asks about its middle need not fold it from its beginning; and
// in which part of the log the records of a scale event stand.
//
// The one thing to know: it only saves time. A state is used if the last record that is in it stands in this log, to
// the byte, and so do the last events of all lanes that were read and given by then, whose hashes stand for all before
// them; otherwise it is refused. A byte that was changed further back, and its hash left as it was, only `verify` sees:
// it uses no index.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "replay/causes.hpp"
#include "replay/index/section.hpp"
#include "replay/log_source.hpp"

namespace virtscale::replay {

/// A part of a partition: from the record with the first offset to that before the last.
struct OffsetRange {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

class StateIndex {
 public:
  /// The index and the snapshot of a source, each if it has one. Its log outlives this.
  explicit StateIndex(const LogSource& source)
      : log_(*source.log), order_(source.order), directory_(source.index), snapshots_(source.snapshots) {}
  /// No index and no snapshot: all is folded. `log` outlives this.
  explicit StateIndex(Log& log) : log_(log) {}

  /// Gives a refold that has folded nothing the newest stored state that is before the record with this offset of its
  /// inbox; without one it stays as it is. Throws IndexError, SnapshotError and LogError.
  void load(Refold& refold, std::uint64_t offset);

  /// By how much what a record caused may seem to be older than it.
  Duration clocks_differ_by() const { return order_ == LogOrder::total ? Duration{} : clocks_differ_max; }

  /// The offset from which one would fold on from what `load` gives, as far as the index is concerned; 0: it has none.
  std::uint64_t nearest(TopicPartition inbox, std::uint64_t offset);
  /// The parts of an inbox outside of which there is no record that bears this scale event's id, and none that led to
  /// an event which does. In order; what is not indexed is one part, to the end.
  std::vector<OffsetRange> parts_with(TopicPartition inbox, ScaleId scale);

 private:
  Sections& sections_of(TopicPartition inbox);
  void check(Sections& sections, std::size_t section);

  Log& log_;
  const LogOrder order_ = LogOrder::by_partition;
  const std::filesystem::path directory_;
  const std::filesystem::path snapshots_;
  std::map<TopicPartition, Sections> sections_;  // those that were opened
};

/// Whether the last record of a section's state stands in the log, and its witnesses do. Throws LogError and
/// IndexError.
bool stands_in(Log& log, Sections& sections, std::size_t section);

/// Brings a refold that has folded nothing to the state before the record with this offset of its inbox: from the
/// nearest stored state. Throws as StateIndex::load does, and std::runtime_error for a record that cannot be folded.
void fold_to(Log& log, StateIndex& index, Refold& refold, std::uint64_t offset);

}  // namespace virtscale::replay
