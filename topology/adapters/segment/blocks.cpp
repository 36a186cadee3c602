#include "topology/adapters/segment/blocks.hpp"

#include <algorithm>

namespace virtscale::segment {

std::shared_ptr<const Block> Blocks::holding(Position record) {
  const std::lock_guard lock(mutex_);
  if (auto block = kept(record)) return block;
  auto block = read(record);
  if (!block->covers(record)) reader_.throw_damaged(record);
  if (blocks_.size() == blocks_max) blocks_.erase(blocks_.begin());
  blocks_.push_back(block);
  return block;
}

std::shared_ptr<const Block> Blocks::kept(Position record) {
  const auto found =
      std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const auto& block) { return block->covers(record); });
  if (found == blocks_.rend()) return nullptr;
  auto block = *found;
  std::rotate(std::prev(found.base()), found.base(), blocks_.end());
  return block;
}

// From where the blocks that are kept end, if that is near, so that they lie end to end; else, or if what lies between
// is damaged, from the record's own batch.
std::shared_ptr<const Block> Blocks::read(Position record) {
  auto block = std::make_shared<Block>();
  if (const auto near = end_before(record); near.value != 0) reader_.read(near, *block);
  if (!block->covers(record)) reader_.read(reader_.batch_of(record), *block);
  return block;
}

// Position 0, where no block is, if no kept block ends within reach.
Position Blocks::end_before(Position record) const {
  Position nearest;
  for (const auto& block : blocks_) {
    if (block->end <= record && record < block->end + block_bytes) nearest = std::max(nearest, block->end);
  }
  return nearest.segment() == record.segment() ? nearest : Position{};
}

}  // namespace virtscale::segment
