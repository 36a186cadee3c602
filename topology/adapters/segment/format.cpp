#include "topology/adapters/segment/format.hpp"

#include <charconv>
#include <cstdio>

#include "topology/adapters/segment/checksum.hpp"

namespace virtscale::segment {
namespace {

constexpr std::uint64_t segment_magic = 0x31544e454d474553;  // "SEGMENT1"

/// The fixed part of a segment's header as it stands in the file; one DiskPartition for each slot follows.
struct DiskHeader {
  std::uint64_t magic = segment_magic;
  std::uint32_t format = format_version;
  std::uint32_t checksum = 0;  ///< of all that follows, up to the end of the header
  std::uint32_t bytes = 0;
  std::uint32_t slots = 0;
  std::uint64_t salt = 0;
  std::uint32_t number = 0;
  std::uint32_t first_number = 0;
  std::uint64_t first_sequence = 0;
  std::int64_t timestamp_us = 0;
  std::array<std::uint32_t, topics_count> partitions{};
  std::uint32_t reserved = 0;
  std::array<char, key_hash_bytes_max> key_hash{};
};
static_assert(sizeof(DiskHeader) == 120);
constexpr std::size_t checksummed_from = 16;

struct DiskPartition {
  std::uint64_t next_offset = 0;
  std::uint64_t committed = 0;  ///< the committed offset + 1; 0: nothing
};

DiskHeader to_disk(const SegmentHeader& header) {
  DiskHeader disk;
  disk.bytes = static_cast<std::uint32_t>(segment_header_bytes(header.partitions.size()));
  disk.slots = static_cast<std::uint32_t>(header.partitions.size());
  disk.salt = header.salt;
  disk.number = header.number;
  disk.first_number = header.first_number;
  disk.first_sequence = header.first_sequence;
  disk.timestamp_us = header.timestamp_us;
  disk.partitions = header.layout.partitions;
  std::memcpy(disk.key_hash.data(), header.layout.key_hash.data(), header.layout.key_hash.size());
  return disk;
}

bool plausible(const DiskHeader& disk, std::size_t bytes) {
  return disk.magic == segment_magic && disk.format == format_version && disk.slots <= partitions_max * topics_count &&
         disk.bytes == segment_header_bytes(disk.slots) && disk.bytes <= bytes && disk.key_hash.back() == '\0';
}

SegmentHeader from_disk(const DiskHeader& disk) {
  SegmentHeader header;
  header.layout = {disk.format, disk.key_hash.data(), disk.partitions};
  header.salt = disk.salt;
  header.number = disk.number;
  header.first_number = disk.first_number;
  header.first_sequence = disk.first_sequence;
  header.timestamp_us = disk.timestamp_us;
  return header;
}

/// Whether the record at `at` in the batch is sound; its header in `record`.
bool sound_record(Bytes batch, std::size_t at, const Slots& slots, RecordHeader& record) {
  if (batch.size() - at < sizeof(RecordHeader)) return false;
  record = load<RecordHeader>(batch.data() + at);
  return record_bytes(record.key_bytes, record.value_bytes) <= batch.size() - at && record.in_batch == at &&
         record.key_bytes <= key_bytes_max && record.value_bytes <= record_bytes_max &&
         record.kind <= RecordKind::commit && slots.has(record.topic, record.partition);
}

/// Whether the record that `record` is linked to is there, later, and of the same partition.
bool sound_link(Bytes batch, const RecordHeader& record) {
  if (record.next == 0) return true;
  const std::size_t at = std::size_t{record.in_batch} + record.next;
  if (at > batch.size() - sizeof(RecordHeader)) return false;
  const auto next = load<RecordHeader>(batch.data() + at);
  return next.topic == record.topic && next.partition == record.partition && next.in_batch == at &&
         next.offset > record.offset && next.kind == RecordKind::data;
}

std::uint32_t head_checksum(std::uint64_t salt, Position at, const BatchHeader& header) {
  const std::array<std::uint64_t, 2> place = {salt, at.value};
  const Bytes head = std::as_bytes(std::span(&header, 1)).subspan(offsetof(BatchHeader, bytes));
  return crc32c(crc32c(0, std::as_bytes(std::span(place))), head);
}

std::string numbered(std::uint32_t number, const char* extension) {
  std::array<char, 24> name{};
  std::snprintf(name.data(), name.size(), "%010u.%s", number, extension);
  return name.data();
}

}  // namespace

Slots::Slots(const LogLayout& layout) {
  for (std::size_t topic = 0; topic < topics_count; ++topic)
    first_[topic + 1] = first_[topic] + layout.partitions[topic];
}

bool Slots::has(std::uint8_t topic, std::uint32_t partition) const {
  return topic < topics_count && partition < first_[topic + 1U] - first_[topic];
}

std::size_t Slots::of(TopicPartition partition) const {
  const auto topic = static_cast<std::uint8_t>(partition.topic);
  if (!has(topic, partition.partition))
    throw std::out_of_range("the log has no partition " + std::to_string(partition.partition) + " of topic " +
                            std::to_string(topic));
  return first_[topic] + partition.partition;
}

std::size_t segment_header_bytes(std::size_t slots) {
  return sizeof(DiskHeader) + slots * sizeof(DiskPartition);
}

std::vector<std::byte> encode(const SegmentHeader& header) {
  std::vector<std::byte> bytes(segment_header_bytes(header.partitions.size()));
  DiskHeader disk = to_disk(header);
  std::byte* at = bytes.data() + sizeof disk;
  for (const PartitionStart& start : header.partitions) {
    const DiskPartition partition{start.next_offset, start.committed ? *start.committed + 1 : 0};
    std::memcpy(at, &partition, sizeof partition);
    at += sizeof partition;
  }
  std::memcpy(bytes.data(), &disk, sizeof disk);
  disk.checksum = crc32c(0, Bytes(bytes).subspan(checksummed_from));
  std::memcpy(bytes.data(), &disk, sizeof disk);
  return bytes;
}

std::optional<SegmentHeader> decode_segment_header(Bytes bytes) {
  if (bytes.size() < sizeof(DiskHeader)) return std::nullopt;
  const auto disk = load<DiskHeader>(bytes.data());
  if (!plausible(disk, bytes.size())) return std::nullopt;
  if (crc32c(0, bytes.first(disk.bytes).subspan(checksummed_from)) != disk.checksum) return std::nullopt;
  SegmentHeader header = from_disk(disk);
  if (Slots(header.layout).size() != disk.slots) return std::nullopt;
  for (std::size_t slot = 0; slot < disk.slots; ++slot) {
    const auto start = load<DiskPartition>(bytes.data() + segment_header_bytes(slot));
    header.partitions.push_back({start.next_offset, std::nullopt});
    if (start.committed != 0) header.partitions.back().committed = start.committed - 1;
  }
  return header;
}

void check_layout(const LogLayout& layout) {
  if (layout.format != format_version)
    throw LogError("log format " + std::to_string(layout.format) + " is not known (use " +
                   std::to_string(format_version) + ")");
  if (layout.key_hash.empty() || layout.key_hash.size() >= key_hash_bytes_max)
    throw LogError("the name of the key hash must have 1 to " + std::to_string(key_hash_bytes_max - 1) + " bytes");
  for (std::size_t topic = 0; topic < topics_count; ++topic)
    if (layout.partitions[topic] == 0 || layout.partitions[topic] > partitions_max)
      throw LogError("topic " + std::string(topic_names[topic]) + " has " + std::to_string(layout.partitions[topic]) +
                     " partitions (choose 1 to " + std::to_string(partitions_max) + ")");
}

void seal_batch(std::uint64_t salt, Position at, BatchHeader header, std::span<std::byte> batch) {
  header.head_checksum = head_checksum(salt, at, header);
  header.checksum = crc32c(header.head_checksum, batch.subspan(sizeof header));
  std::memcpy(batch.data(), &header, sizeof header);
}

std::optional<BatchHeader> checked_head(std::uint64_t salt, Position at, Bytes bytes) {
  if (bytes.size() < sizeof(BatchHeader)) return std::nullopt;
  const auto header = load<BatchHeader>(bytes.data());
  if (header.bytes < sizeof header || header.bytes > batch_bytes_max) return std::nullopt;
  if (head_checksum(salt, at, header) != header.head_checksum) return std::nullopt;
  return header;
}

std::optional<Bytes> checked_batch(std::uint64_t salt, Position at, Bytes bytes) {
  const auto header = checked_head(salt, at, bytes);
  if (!header || header->bytes > bytes.size()) return std::nullopt;
  const Bytes batch = bytes.first(header->bytes);
  if (crc32c(header->head_checksum, batch.subspan(sizeof(BatchHeader))) != header->checksum) return std::nullopt;
  return batch;
}

bool well_formed(Bytes batch, const Slots& slots) {
  const auto header = load<BatchHeader>(batch.data());
  std::size_t at = sizeof header;
  for (std::uint32_t n = 0; n < header.records; ++n) {
    RecordHeader record;
    if (!sound_record(batch, at, slots, record) || !sound_link(batch, record)) return false;
    at += record_bytes(record.key_bytes, record.value_bytes);
  }
  return at == batch.size();
}

std::string segment_name(std::uint32_t number) {
  return numbered(number, "segment");
}
std::string index_name(std::uint32_t number) {
  return numbered(number, "index");
}

std::optional<std::uint32_t> segment_number(const std::string& file_name) {
  std::uint32_t number = 0;
  const char* const end = file_name.data() + file_name.size();
  const auto parsed = std::from_chars(file_name.data(), end, number);
  if (parsed.ec != std::errc() || file_name != segment_name(number)) return std::nullopt;
  return number;
}

void throw_damage(const std::filesystem::path& file, std::uint64_t byte, const std::string& what) {
  throw LogError(file.string() + ", byte " + std::to_string(byte) + ": " + what +
                 " (put back a copy of this file from an archive; nothing was changed or skipped)");
}

}  // namespace virtscale::segment
