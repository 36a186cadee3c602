#include "topology/adapters/segment/scan.hpp"

#include <algorithm>

namespace virtscale::segment {

Bytes Window::at(std::uint64_t byte, std::size_t wanted) {
  if (byte < begin_ || byte + wanted > begin_ + size_) {
    const std::size_t needed = std::max(wanted, ahead_);
    if (capacity_ < needed) {
      buffer_ = std::make_unique_for_overwrite<std::byte[]>(needed);
      capacity_ = needed;
    }
    size_ = 0;
    begin_ = byte;
    size_ = file_.read_at(byte, {buffer_.get(), needed});
  }
  return {buffer_.get() + (byte - begin_), size_ - (byte - begin_)};
}

std::optional<Bytes> Window::batch_at(std::uint64_t salt, std::uint32_t segment, std::uint64_t byte) {
  const auto header = checked_head(salt, Position::in(segment, byte), at(byte, sizeof(BatchHeader)));
  if (!header) return std::nullopt;
  return checked_batch(salt, Position::in(segment, byte), at(byte, header->bytes));
}

std::optional<SegmentHeader> read_segment_header(Window& window, std::uint32_t number) {
  constexpr std::size_t partitions = std::size_t{partitions_max} * topics_count;
  auto header = decode_segment_header(window.at(0, segment_header_bytes(partitions)));
  if (header && header->number != number)
    throw_damage(window.file().path(), 0, "this is segment " + std::to_string(header->number) + " under another name");
  return header;
}

Scan::Scan(Window& window, const SegmentHeader& header)
    : window_(window), slots_(header.layout), runs_(slots_.size()), partitions_(header.partitions) {
  end_.salt = header.salt;
  end_.number = header.number;
  end_.first_number = header.first_number;
  end_.first_sequence = header.first_sequence;
  end_.last_sequence = header.first_sequence - 1;
  end_.bytes = segment_header_bytes(slots_.size());
  end_.timestamp_us = header.timestamp_us;
}

void Scan::run() {
  while (const auto batch = window_.batch_at(end_.salt, end_.number, end_.bytes)) take(*batch);
  for (const PartitionStart& partition : partitions_) end_.offsets.push_back(partition.next_offset);
}

void Scan::take(Bytes bytes) {
  const auto batch = load<BatchHeader>(bytes.data());
  if (batch.sequence != end_.last_sequence + 1)
    damage("batch " + std::to_string(end_.last_sequence + 1) + " is missing before batch " +
           std::to_string(batch.sequence));
  if (!well_formed(bytes, slots_)) damage("the records of batch " + std::to_string(batch.sequence) + " are malformed");
  for (std::size_t at = sizeof batch; at < bytes.size();) {
    const auto record = load<RecordHeader>(bytes.data() + at);
    take_record(record, batch);
    at += record_bytes(record.key_bytes, record.value_bytes);
  }
  durable_ = std::max(durable_, batch.durable);
  end_.last_sequence = batch.sequence;
  end_.timestamp_us = std::max(end_.timestamp_us, batch.timestamp_us);
  end_.bytes += batch.bytes;
}

void Scan::take_record(const RecordHeader& record, const BatchHeader& batch) {
  const std::size_t slot = slots_.of({static_cast<Topic>(record.topic), record.partition});
  PartitionStart& partition = partitions_[slot];
  if (record.kind == RecordKind::commit) {
    partition.committed = record.offset;
    return;
  }
  if (record.offset < partition.next_offset)
    damage("the offsets of batch " + std::to_string(batch.sequence) + " go back");
  const Position at = Position::in(end_.number, end_.bytes + record.in_batch);
  const bool in_run = !runs_[slot].empty() && runs_[slot].back().at >= Position::in(end_.number, end_.bytes);
  if (!in_run) runs_[slot].push_back({record.offset, batch.timestamp_us, at});
  partition.next_offset = record.offset + 1;
  ++end_.records;
}

Scan::Beyond Scan::look_beyond() {
  Beyond beyond;
  std::uint64_t at = end_.bytes + alignment;
  while (window_.at(at, sizeof(BatchHeader)).size() >= sizeof(BatchHeader)) {
    if (const auto batch = window_.batch_at(end_.salt, end_.number, at)) {
      beyond.durable = std::max(beyond.durable, load<BatchHeader>(batch->data()).durable);
      ++beyond.batches;
      at += batch->size();
    } else {
      at += alignment;
    }
  }
  return beyond;
}

void Scan::damage(const std::string& what) const {
  throw_damage(window_.file().path(), end_.bytes, what);
}

}  // namespace virtscale::segment
