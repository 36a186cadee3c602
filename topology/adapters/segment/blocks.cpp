#include "topology/adapters/segment/blocks.hpp"

#include <algorithm>

namespace virtscale::segment {

void BlockReader::read(Position begin, Block& block) {
  const File& file = file_of(begin);
  BatchHeader first;
  const auto got = file.read_at(begin.byte(), std::as_writable_bytes(std::span(&first, 1)));
  const auto head = checked_head(salt_, begin, std::as_bytes(std::span(&first, 1)).first(got));
  const auto wanted = std::max(block_bytes, head ? std::size_t{head->bytes} : 0);
  if (block.capacity < wanted) {
    block.bytes = std::make_unique_for_overwrite<std::byte[]>(wanted);
    block.capacity = wanted;
  }
  const auto size = file.read_at(begin.byte(), {block.bytes.get(), wanted});
  block.begin = begin;
  block.end = end_of_good_batches(begin, {block.bytes.get(), size});
}

Position BlockReader::batch_of(Position record) {
  RecordHeader header;
  const auto got = file_of(record).read_at(record.byte(), std::as_writable_bytes(std::span(&header, 1)));
  const bool sound = got == sizeof header && header.in_batch >= sizeof(BatchHeader) && header.in_batch <= record.byte();
  return sound ? Position{record.value - header.in_batch} : record;
}

void BlockReader::throw_damaged(Position place) {
  throw_damage(file_of(place).path(), place.byte(), "this record is damaged, or the checksum of its batch is wrong");
}

File& BlockReader::file_of(Position place) {
  auto path = directory_ / segment_name(place.segment());
  if (!file_.is_open() || file_.path() != path) file_ = File(std::move(path), FileMode::read);
  return file_;
}

Position BlockReader::end_of_good_batches(Position begin, Bytes bytes) const {
  std::size_t end = 0;
  while (const auto batch = checked_batch(salt_, begin + end, bytes.subspan(end))) {
    if (!well_formed(*batch, slots_)) break;
    end += batch->size();
  }
  return begin + end;
}

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
