#include "replay/capsule/segment_file.hpp"

#include <cstring>
#include <fstream>

#include "topology/adapters/segment/format.hpp"

namespace virtscale::replay {
namespace {

// The same in every capsule, so that equal contents are equal files: nothing is ever appended to one.
constexpr std::uint64_t capsule_salt = 0x656c757370616376;  // "vcapsule"

segment::SegmentHeader header_of(const LogLayout& layout, const std::map<TopicPartition, std::uint64_t>& begins) {
  segment::SegmentHeader header;
  header.layout = layout;
  header.salt = capsule_salt;
  const segment::Slots slots(layout);
  header.partitions.resize(slots.size());
  for (const auto& [partition, offset] : begins) header.partitions[slots.of(partition)].next_offset = offset;
  return header;
}

// A batch of one record.
std::vector<std::byte> batch_of(const KeptRecord& record, std::uint64_t sequence, segment::Position at) {
  const auto key = std::as_bytes(std::span(record.key));
  std::vector<std::byte> batch(sizeof(segment::BatchHeader) + segment::record_bytes(key.size(), record.value.size()));
  segment::RecordHeader header;
  header.value_bytes = static_cast<std::uint32_t>(record.value.size());
  header.in_batch = sizeof(segment::BatchHeader);
  header.partition = record.at.of.partition;
  header.offset = record.at.offset;
  header.key_bytes = static_cast<std::uint16_t>(key.size());
  header.topic = static_cast<std::uint8_t>(record.at.of.topic);
  auto* to = batch.data() + sizeof(segment::BatchHeader);
  std::memcpy(to, &header, sizeof header);
  to = std::copy(key.begin(), key.end(), to + sizeof header);
  std::copy(record.value.begin(), record.value.end(), to);
  segment::BatchHeader head;
  head.bytes = static_cast<std::uint32_t>(batch.size());
  head.records = 1;
  head.sequence = sequence;
  head.durable = sequence - 1;
  head.timestamp_us = record.timestamp.us;
  segment::seal_batch(capsule_salt, at, head, batch);
  return batch;
}

}  // namespace

void write_segment_log(const std::filesystem::path& directory, const LogLayout& layout,
                       const std::map<TopicPartition, std::uint64_t>& begins, const std::vector<KeptRecord>& records) {
  std::filesystem::create_directories(directory);
  const auto file = directory / segment::segment_name(1);
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  const auto put = [&out](Bytes bytes) {
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return bytes.size();
  };
  std::uint64_t byte = put(segment::encode(header_of(layout, begins)));
  std::uint64_t sequence = 0;
  for (const auto& record : records) {
    byte += put(batch_of(record, ++sequence, segment::Position::in(1, byte)));
    if (byte > segment_file_bytes_max)
      throw LogError(file.string() + ": the capsule would have more than 2 GiB (choose a shorter range)");
  }
  if (!out.flush()) throw LogError(file.string() + ": cannot be written (check the room for temporary files, TMPDIR)");
}

}  // namespace virtscale::replay
