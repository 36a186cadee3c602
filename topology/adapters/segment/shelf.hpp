// The reading side of the log: finds records by partition and offset, in memory or in files, and shows them.
//
// The one thing to know: readers and the appender meet in two short locks only (an index, the list of chunks), and no
// lock is held while a visitor looks at a record.
#pragma once

#include <functional>
#include <memory>
#include <shared_mutex>
#include <vector>

#include "topology/adapters/segment/blocks.hpp"
#include "topology/adapters/segment/chunks.hpp"
#include "topology/adapters/segment/index.hpp"

namespace virtscale::segment {

using Visit = std::function<bool(const LogRecord&)>;

/// What all parts of an open log share.
struct LogPlace {
  std::filesystem::path directory;
  LogLayout layout;
  std::uint64_t salt = 0;
  Slots slots;
};

/// Thread-safe.
class Shelf {
 public:
  Shelf(LogPlace place, std::size_t hot_bytes_max);

  const LogPlace& place() const { return place_; }
  Chunks& chunks() { return chunks_; }
  /// One more reader of the same files.
  BlockReader reader() const { return {place_.directory, place_.salt, place_.slots}; }
  LiveIndex& live(std::size_t slot) { return live_[slot]; }

  /// Takes over an index of a segment behind all that are here, and drops those runs from memory.
  void add_sealed(std::shared_ptr<const SealedIndex> index);
  /// Writes the index file of a segment whose batches are all published, and takes it over. Throws LogError.
  void seal(const SegmentEnd& end);

  /// As `Log` says.
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max, const Visit& visit);
  std::uint64_t end(TopicPartition of) const { return live_[place_.slots.of(of)].end(); }
  std::uint64_t offset_at(TopicPartition of, Instant at);
  /// Of the batch in a file that has the first record of `of` at or behind `offset`; nothing if there is none.
  std::optional<Position> batch_of(TopicPartition of, std::uint64_t offset);

 private:
  friend class Reading;

  std::size_t find_runs(std::size_t slot, std::uint64_t offset, std::span<Run> into) const;
  std::size_t find_sealed_runs(std::size_t slot, std::uint64_t offset, std::span<Run> into) const;
  std::shared_ptr<const SealedIndex> find_sealed(std::size_t slot, std::uint64_t offset) const;
  std::uint64_t begun_before(std::size_t slot, Instant at) const;

  const LogPlace place_;
  Chunks chunks_;
  Blocks blocks_;
  std::vector<LiveIndex> live_;  ///< by slot
  mutable std::shared_mutex sealed_mutex_;
  std::vector<std::shared_ptr<const SealedIndex>> sealed_;
};

}  // namespace virtscale::segment
