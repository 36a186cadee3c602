// Pieces of segment files in memory, checked once and shared by all readers.
//
// The one thing to know: readers that go along the log together, each in a partition of its own, read and check each
// byte once, since the partitions' records stand between each other in the same batches.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "topology/adapters/segment/file.hpp"
#include "topology/adapters/segment/format.hpp"

namespace virtscale::segment {

/// What is read at once; a larger batch makes a larger block.
inline constexpr std::size_t block_bytes = 256U << 10U;
/// Blocks that are kept: 8 MiB. Partitions whose readers are further apart than that read what they need again.
inline constexpr std::size_t blocks_max = 32;

/// Whole batches, one behind the other, with good checksums and well-formed records. Immutable.
struct Block {
  Position begin;
  Position end;
  std::unique_ptr<std::byte[]> bytes;

  bool covers(Position at) const { return at >= begin && at < end; }
  const std::byte* at(Position place) const { return bytes.get() + (place.value - begin.value); }
};

/// Thread-safe.
class Blocks {
 public:
  /// Of the log with these files.
  Blocks(std::filesystem::path directory, std::uint64_t salt, Slots slots)
      : directory_(std::move(directory)), salt_(salt), slots_(std::move(slots)) {}

  /// The block that holds the record at `record`. Throws LogError if its batch is damaged.
  std::shared_ptr<const Block> holding(Position record);

 private:
  std::shared_ptr<const Block> kept(Position record);
  std::shared_ptr<const Block> read(Position record);
  Position next_block_before(Position record) const;
  Position batch_of(Position record) const;
  std::shared_ptr<const Block> read_from(Position begin) const;
  Position end_of_good_batches(Position begin, Bytes bytes) const;
  void keep(std::shared_ptr<const Block> block);
  void open(std::uint32_t segment);

  const std::filesystem::path directory_;
  const std::uint64_t salt_;
  const Slots slots_;
  std::mutex mutex_;
  File file_;                                         ///< of the segment that was read last
  std::vector<std::shared_ptr<const Block>> blocks_;  ///< the one that was used last at the end
};

}  // namespace virtscale::segment
