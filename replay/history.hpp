// The history: reads the partitions of a log from their beginnings to their ends, each record once, and folds those
// that have a refold.
//
// The one thing to know: a log that is one sequence is read as that, so a cause is seen before what it caused. Of any
// other, partitions are read in turns, the one furthest behind in time first: within a partition the order is the
// log's, and between partitions it is that of time only roughly. Memory does not grow with the length of the log.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "replay/refold.hpp"
#include "topology/ports/sequential_log.hpp"

namespace virtscale::replay {

/// All topics: the inboxes of the stages, then `ledger` and `deadletters`, which nobody folds.
inline constexpr std::array all_topics = {Topic::alerts,   Topic::signals, Topic::decisions,  Topic::placements,
                                          Topic::outcomes, Topic::ledger,  Topic::deadletters};

/// Looks on while the past is read. Everything is borrowed until the call returns.
class Onlooker {
 public:
  virtual ~Onlooker() = default;
  /// A record, before it is folded. `refold` is null if nobody folds it, or its partition was halted.
  virtual void before(const LogRecord& /*record*/, Refold* /*refold*/) {}
  /// The same record, and all that it did: what it asked may be taken out of `step`. Without a refold the step is
  /// empty. After a step with the fate `halted` the partition folds no more.
  virtual void after(const LogRecord& record, Refold* refold, Step& step) = 0;
};

class History {
 public:
  /// Records that are read in one turn, and the rest of their batch: of one partition, if the log is no sequence. Keeps
  /// what is in memory within some thousands of events.
  static constexpr std::size_t turn_max = 512;

  /// Reads the partitions of these topics from their first record on, as far as they reach now. `log` outlives it.
  History(Log& log, std::span<const Topic> topics);

  /// Folds the records of this refold's inbox, from the first one that it has not folded. It outlives the history.
  void fold(Refold& refold);
  /// Reads this partition, which nobody folds, from this offset on.
  void begin_at(TopicPartition partition, std::uint64_t offset);
  /// Leaves out records with a timestamp of `at` or later. May be called by an onlooker; never later than before.
  void stop_at(Instant at) { stop_ = std::min(stop_, at); }

  /// Reads all. Throws LogError.
  void run(Onlooker& onlooker);
  /// Reads one turn; false if there was nothing left to read. For those who show progress.
  bool run_turn(Onlooker& onlooker);

  /// Records seen so far.
  std::uint64_t records() const { return records_; }
  /// Roughly how many there are: a count of offsets, which may jump.
  std::uint64_t records_expected() const;
  /// The offset up to which a partition was to be read; 0 for one that is not read.
  std::uint64_t end_of(TopicPartition partition) const;

 private:
  struct Track {
    TopicPartition of;
    std::uint64_t next = 0;
    std::uint64_t end = 0;
    Instant clock{std::numeric_limits<std::int64_t>::min()};  // of the last record read
    Refold* refold = nullptr;
    bool halted = false;
  };

  bool run_batches(Onlooker& onlooker);
  bool run_partition(Onlooker& onlooker);
  std::unique_ptr<Walk> begin_walk(SequentialLog& log) const;
  Track* track_of(TopicPartition partition);
  Track* furthest_behind();
  bool take(Track& track, const LogRecord& record, Onlooker& onlooker);

  Log& log_;
  SequentialLog* sequence_;     // the same log, if it is one
  std::unique_ptr<Walk> walk_;  // begun with the first turn
  bool is_over_ = false;
  std::vector<Track> tracks_;                             // each topic's partitions side by side
  std::array<std::ptrdiff_t, topics_count> first_track_;  // of each topic; -1: not read
  Instant stop_{std::numeric_limits<std::int64_t>::max()};
  std::uint64_t records_ = 0;
  Arena arena_;  // for one step
};

}  // namespace virtscale::replay
