// Blocks: pieces of segment files that are whole batches, read and checked. Those who read by partition share them.
//
// The one thing to know: a block ends before the first batch that is not good, so whoever needs that batch finds that
// the block does not cover it, and reports the damage; others never notice it.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "topology/adapters/segment/file.hpp"
#include "topology/adapters/segment/format.hpp"

namespace virtscale::segment {

/// What is read at once; a larger batch makes a larger block.
inline constexpr std::size_t block_bytes = 256U << 10U;

/// Whole batches, one behind the other, with good checksums and well-formed records.
struct Block {
  Position begin;
  Position end;
  std::unique_ptr<std::byte[]> bytes;
  std::size_t capacity = 0;

  bool covers(Position at) const { return at >= begin && at < end; }
  const std::byte* at(Position place) const { return bytes.get() + (place.value - begin.value); }
};

/// Used by one thread at a time.
class BlockReader {
 public:
  /// Of the log with these files.
  BlockReader(std::filesystem::path directory, std::uint64_t salt, Slots slots)
      : directory_(std::move(directory)), salt_(salt), slots_(std::move(slots)) {}

  /// Fills `block`, in its own memory if that is enough, with what begins with the batch at `begin`. Throws LogError
  /// for a file that cannot be read.
  void read(Position begin, Block& block);
  /// Where the batch of the record at `record` begins; `record` itself, where no batch begins, if it is damaged.
  Position batch_of(Position record);
  [[noreturn]] void throw_damaged(Position place);

 private:
  File& file_of(Position place);
  Position end_of_good_batches(Position begin, Bytes bytes) const;

  const std::filesystem::path directory_;
  const std::uint64_t salt_;
  const Slots slots_;
  File file_;  ///< of the segment that was read last
};

/// Blocks that are kept: 8 MiB. Partitions whose readers are further apart than that read what they need again.
inline constexpr std::size_t blocks_max = 32;

/// Thread-safe; a block that was given out never changes. Readers that go along the log together, each in a partition
/// of its own, read and check each byte once, since the partitions' records stand between each other in the same
/// batches.
class Blocks {
 public:
  explicit Blocks(BlockReader reader) : reader_(std::move(reader)) {}

  /// The block that holds the record at `record`. Throws LogError if its batch is damaged.
  std::shared_ptr<const Block> holding(Position record);

 private:
  std::shared_ptr<const Block> kept(Position record);
  std::shared_ptr<const Block> read(Position record);
  Position end_before(Position record) const;

  std::mutex mutex_;
  BlockReader reader_;
  std::vector<std::shared_ptr<const Block>> blocks_;  ///< the one that was used last at the end
};

}  // namespace virtscale::segment
