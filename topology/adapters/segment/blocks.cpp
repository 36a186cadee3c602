#include "topology/adapters/segment/blocks.hpp"

#include <algorithm>

namespace virtscale::segment {

std::shared_ptr<const Block> Blocks::holding(Position record) {
  const std::lock_guard lock(mutex_);
  if (auto block = kept(record)) return block;
  auto block = read(record);
  if (!block->covers(record))
    throw_damage(file_.path(), record.byte(), "this record is damaged, or the checksum of its batch is wrong");
  keep(block);
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
  open(record.segment());
  const auto near = next_block_before(record);
  if (near.value != 0) {
    auto block = read_from(near);
    if (block->covers(record)) return block;
  }
  return read_from(batch_of(record));
}

// Nothing, as position 0, if no kept block ends within reach.
Position Blocks::next_block_before(Position record) const {
  Position nearest;
  for (const auto& block : blocks_) {
    if (block->end <= record && record < block->end + block_bytes) nearest = std::max(nearest, block->end);
  }
  return nearest.segment() == record.segment() ? nearest : Position{};
}

// Of a damaged record, the record itself, where no batch begins.
Position Blocks::batch_of(Position record) const {
  RecordHeader header;
  const auto got = file_.read_at(record.byte(), std::as_writable_bytes(std::span(&header, 1)));
  const bool sound = got == sizeof header && header.in_batch >= sizeof(BatchHeader) && header.in_batch <= record.byte();
  return sound ? Position{record.value - header.in_batch} : record;
}

std::shared_ptr<const Block> Blocks::read_from(Position begin) const {
  BatchHeader first;
  const auto got = file_.read_at(begin.byte(), std::as_writable_bytes(std::span(&first, 1)));
  const auto head = checked_head(salt_, begin, std::as_bytes(std::span(&first, 1)).first(got));
  const auto wanted = std::max(block_bytes, head ? std::size_t{head->bytes} : 0);
  auto block = std::make_shared<Block>();
  block->begin = begin;
  block->bytes = std::make_unique_for_overwrite<std::byte[]>(wanted);
  const auto size = file_.read_at(begin.byte(), {block->bytes.get(), wanted});
  block->end = end_of_good_batches(begin, {block->bytes.get(), size});
  return block;
}

Position Blocks::end_of_good_batches(Position begin, Bytes bytes) const {
  std::size_t end = 0;
  while (const auto batch = checked_batch(salt_, begin + end, bytes.subspan(end))) {
    if (!well_formed(*batch, slots_)) break;
    end += batch->size();
  }
  return begin + end;
}

void Blocks::keep(std::shared_ptr<const Block> block) {
  if (blocks_.size() == blocks_max) blocks_.erase(blocks_.begin());
  blocks_.push_back(std::move(block));
}

void Blocks::open(std::uint32_t segment) {
  auto path = directory_ / segment_name(segment);
  if (!file_.is_open() || file_.path() != path) file_ = File(std::move(path), FileMode::read);
}

}  // namespace virtscale::segment
