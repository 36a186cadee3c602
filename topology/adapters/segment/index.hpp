// Where the records of each partition stand: in memory for the newest segments, in a mapped file for each sealed one.
//
// The one thing to know: the index knows *runs*. A run is what one batch holds of one partition; its records are linked
// to each other in the batch itself. So the index has 24 bytes for each run, whatever the number of records.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <span>

#include "topology/adapters/segment/file.hpp"
#include "topology/adapters/segment/format.hpp"

namespace virtscale::segment {

/// The first record that one batch has of one partition.
struct Run {
  std::uint64_t offset = 0;
  std::int64_t timestamp_us = 0;
  Position at;  ///< of the record's header
};
static_assert(sizeof(Run) == 24);

/// The runs of one partition that no sealed index holds yet. Thread-safe; locks are held for a search at most.
class LiveIndex {
 public:
  /// Adds a run, after which the next record gets the offset `end`.
  void add(const Run& run, std::uint64_t end);
  void set_end(std::uint64_t end) { end_.store(end, std::memory_order_release); }
  std::uint64_t end() const { return end_.load(std::memory_order_acquire); }
  /// Fills `into` with the run that holds `offset` and those after it; returns their number, 0 if `offset` lies before
  /// all runs here.
  std::size_t find(std::uint64_t offset, std::span<Run> into) const;
  /// Fills `into` with the first runs here; returns their number.
  std::size_t first(std::span<Run> into) const;
  /// The offset of the last run that began before `at`; nothing if none here did.
  std::optional<std::uint64_t> begun_before(Instant at) const;
  /// All runs in the segments up to `segment`.
  std::vector<Run> runs_until(std::uint32_t segment) const;
  void drop_until(std::uint32_t segment);

 private:
  mutable std::mutex mutex_;
  std::deque<Run> runs_;
  std::atomic<std::uint64_t> end_ = 0;
};

/// What the index of a sealed segment says of the segment.
struct SegmentEnd {
  std::uint64_t salt = 0;
  std::uint32_t number = 0;
  std::uint32_t first_number = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;           ///< of the kind `data`
  std::int64_t timestamp_us = 0;       ///< of the last record up to the end of the segment
  std::vector<std::uint64_t> offsets;  ///< by slot: the next offset when the segment ended
};

/// The index of a sealed segment. Immutable, thread-safe.
class SealedIndex {
 public:
  /// `runs` by slot.
  static std::vector<std::byte> encode(const SegmentEnd& end, const std::vector<std::vector<Run>>& runs);
  /// Maps the index file; null if it is absent, incomplete, or its directory's checksum is wrong: it is then made again
  /// from the segment.
  static std::shared_ptr<const SealedIndex> open(const std::filesystem::path& file);
  /// The same from bytes in memory, for those who may not write.
  static std::shared_ptr<const SealedIndex> hold(std::vector<std::byte> bytes, const std::filesystem::path& file);

  const SegmentEnd& end() const { return end_; }
  /// The runs of a partition, ordered. Throws LogError if their checksum is wrong.
  std::span<const Run> runs(std::size_t slot) const;

 private:
  bool decode();
  Bytes bytes() const { return held_.empty() ? mapping_.bytes() : Bytes(held_); }

  std::filesystem::path file_;
  Mapping mapping_;
  std::vector<std::byte> held_;
  SegmentEnd end_;
  mutable std::once_flag checked_;
};

/// The last of `runs` that begins at or before `offset`, or the first. REQUIRES: ordered, not empty.
std::size_t run_of(std::span<const Run> runs, std::uint64_t offset);

}  // namespace virtscale::segment
