// The writing side of the log in memory: gives offsets and timestamps, forms batches, and hands them to the syncer.
//
// The one thing to know: an append ends in memory. Its batch is readable at once, in its final bytes; the syncer writes
// those bytes to the file, and `durable` follows.
#pragma once

#include <chrono>
#include <condition_variable>

#include "topology/adapters/segment/shelf.hpp"
#include "topology/ports/clock.hpp"

namespace virtscale::segment {

/// Appends wait while more than this is not durable yet.
inline constexpr std::size_t unsynced_bytes_max = 32U << 20U;
/// The syncer takes at most about this much at once, which bounds how long one sync takes.
inline constexpr std::size_t group_bytes_max = 4U << 20U;
/// A commit that no append carries to the disk gets there by itself after this.
inline constexpr std::chrono::milliseconds commit_delay{500};

/// Where an open log goes on.
struct TapeStart {
  SegmentHeader segment;                   ///< of the segment that is appended to, as it stands in its file
  std::uint64_t segment_bytes = 0;         ///< that this segment has
  std::uint64_t segment_records = 0;       ///< of the kind `data` in this segment
  Ticket last = 0;                         ///< the last batch
  std::int64_t timestamp_us = 0;           ///< of the last record
  std::vector<PartitionStart> partitions;  ///< by slot
};

/// Bytes to be written. Slices come in the order of the log.
struct Slice {
  std::shared_ptr<const Chunk> chunk;
  Position begin;
  std::size_t bytes = 0;
  Ticket last = 0;                  ///< the last batch up to the end of the slice
  std::optional<SegmentEnd> ended;  ///< the slice begins a segment: how the one before ended
  Bytes view() const { return {chunk->at(begin), bytes}; }
};

/// What an append did.
struct Appended {
  Ticket ticket = 0;
  std::vector<std::size_t> slots;  ///< that got records, each once
};

/// Thread-safe.
class Tape {
 public:
  /// `clock` and `shelf` must outlive the tape. `start.segment_bytes` must be in the file already.
  Tape(TapeStart start, std::uint64_t segment_bytes_max, const Clock& clock, Shelf& shelf);

  /// As `Log::append`; waits while too much is not durable.
  Appended append(std::span<const LogAppend> batch);
  void commit(std::size_t slot, std::uint64_t offset);
  std::optional<std::uint64_t> committed(std::size_t slot) const;
  /// As `Log::sync`.
  void sync();
  Ticket durable() const { return durable_.load(std::memory_order_acquire); }

  /// Waits for slices to write; none when the tape was stopped and all is written. For the syncer.
  std::vector<Slice> take();
  /// All of `slices` is durable.
  void mark_durable(const std::vector<Slice>& slices);
  /// Nothing more will become durable.
  void fail(const std::string& reason);
  /// Lets `take` end.
  void stop();

 private:
  struct Mark {  ///< what the batch being written holds of one partition
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint64_t first_offset = 0;
  };

  void check(std::span<const LogAppend> batch) const;
  void wait_for_room(std::unique_lock<std::mutex>& lock);
  void write_batch(std::span<const LogAppend> batch, std::size_t records_bytes);
  std::byte* reserve(std::size_t bytes);
  void begin_segment(std::size_t room);
  void begin_chunk(std::size_t room);
  void note_slice(std::size_t bytes);
  SegmentEnd segment_end() const;
  std::byte* write_record(std::byte* at, const std::byte* batch, const LogAppend& record);
  std::byte* write_commits(std::byte* at, const std::byte* batch);
  void publish(Position batch);
  void throw_if_failed() const;

  const std::uint64_t segment_bytes_max_;
  const Clock& clock_;
  Shelf& shelf_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable progress_;
  SegmentHeader segment_;
  std::uint64_t segment_records_;
  Position end_;
  std::shared_ptr<const Chunk> chunk_;
  Ticket last_;
  std::int64_t timestamp_us_;
  std::vector<PartitionStart> partitions_;
  std::vector<std::size_t> uncommitted_;  ///< slots whose committed offset is not in a batch yet
  std::vector<Mark> marks_;               ///< by slot; all zero between two batches
  std::vector<std::size_t> touched_;      ///< slots with a mark
  std::deque<Slice> pending_;
  std::optional<SegmentEnd> ended_;
  std::size_t unsynced_bytes_ = 0;
  std::atomic<Ticket> durable_;
  std::string failure_;
  bool stopped_ = false;
};

}  // namespace virtscale::segment
