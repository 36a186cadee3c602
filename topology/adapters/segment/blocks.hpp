// Blocks of segment files in memory, shared by all who read by partition.
//
// The one thing to know: readers that go along the log together, each in a partition of its own, read and check each
// byte once, since the partitions' records stand between each other in the same batches.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "topology/adapters/segment/block_reader.hpp"

namespace virtscale::segment {

/// Blocks that are kept: 8 MiB. Partitions whose readers are further apart than that read what they need again.
inline constexpr std::size_t blocks_max = 32;

/// Thread-safe; a block that was given out never changes.
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
