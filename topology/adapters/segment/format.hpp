// The bytes on disk, as README.md beside this file says: segment header, batch header, record header, and their checks.
//
// The one thing to know: a batch is sealed with the salt of its log and its own place, so a batch that was copied
// elsewhere, or forged inside of a record's value, never passes for one.
#pragma once

#include <bit>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <vector>

#include "topology/ports/log.hpp"

namespace virtscale::segment {

static_assert(std::endian::native == std::endian::little, "the format is little-endian, and read in place");

inline constexpr std::uint32_t format_version = 1;
/// Each partition costs 16 bytes in each segment's header, and a lock and an index in memory.
inline constexpr std::uint32_t partitions_max = 1'024;
/// One append: 64 records of the largest size. A batch is contiguous in memory when it is written and checked.
inline constexpr std::size_t batch_bytes_max = 64U << 20U;
/// A segment's file stays below 4 GiB with its last batch, since places in it have 32 bits.
inline constexpr std::uint64_t segment_bytes_limit = 2ULL << 30U;
/// The name of a key hash, with its terminating zero.
inline constexpr std::size_t key_hash_bytes_max = 32;
/// Everything begins at a multiple of this.
inline constexpr std::size_t alignment = 8;

constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + alignment - 1) & ~(alignment - 1);
}

/// A place in the log: segment number and byte in its file. Ordered as the log is.
struct Position {
  std::uint64_t value = 0;
  static constexpr Position in(std::uint32_t segment, std::uint64_t byte) {
    return {std::uint64_t{segment} << 32U | byte};
  }
  constexpr std::uint32_t segment() const { return static_cast<std::uint32_t>(value >> 32U); }
  constexpr std::uint32_t byte() const { return static_cast<std::uint32_t>(value); }
  constexpr Position operator+(std::uint64_t bytes) const { return {value + bytes}; }
  friend constexpr auto operator<=>(Position, Position) = default;
};

/// Begins each batch. Both checksums begin with the log's salt and the batch's place; there is no magic number besides.
struct BatchHeader {
  std::uint32_t head_checksum = 0;  ///< of `bytes` and all that follows it in the header
  std::uint32_t checksum = 0;       ///< of the same and the records
  std::uint32_t bytes = 0;          ///< of the whole batch with this header
  std::uint32_t records = 0;        ///< of every kind
  std::uint64_t sequence = 0;       ///< the ticket: 1 for the first batch of the log, then without a gap
  std::uint64_t durable = 0;        ///< all batches up to this one were durable when this one was made
  std::int64_t timestamp_us = 0;
};
static_assert(sizeof(BatchHeader) == 40);

/// What a record is for.
enum class RecordKind : std::uint8_t {
  data = 0,
  commit = 1,  ///< `offset` is the committed offset of the partition; no key, no value
};

/// Begins each record; key and value follow, then zeros up to the alignment.
struct RecordHeader {
  std::uint32_t value_bytes = 0;
  std::uint32_t next = 0;      ///< bytes from here to the batch's next record of the same partition; 0: there is none
  std::uint32_t in_batch = 0;  ///< bytes from the beginning of the batch to here
  std::uint32_t partition = 0;
  std::uint64_t offset = 0;
  std::uint16_t key_bytes = 0;
  std::uint8_t topic = 0;
  RecordKind kind = RecordKind::data;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(RecordHeader) == 32);

constexpr std::size_t record_bytes(std::size_t key, std::size_t value) {
  return aligned(sizeof(RecordHeader) + key + value);
}

/// Reads a header from bytes of any alignment. REQUIRES: sizeof(T) bytes at `from`.
template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Numbers all partitions of all topics from 0, in the order of the topics.
class Slots {
 public:
  explicit Slots(const LogLayout& layout);
  std::size_t size() const { return first_[topics_count]; }
  /// Throws std::out_of_range for a partition that the layout does not have.
  std::size_t of(TopicPartition partition) const;
  /// Whether the layout has this partition.
  bool has(std::uint8_t topic, std::uint32_t partition) const;

 private:
  std::array<std::size_t, topics_count + 1> first_{};
};

/// What a log remembers of a partition when a segment begins.
struct PartitionStart {
  std::uint64_t next_offset = 0;
  std::optional<std::uint64_t> committed;
};

/// Begins each segment file: all that a reader needs that has no earlier segment.
struct SegmentHeader {
  LogLayout layout;
  std::uint64_t salt = 0;            ///< drawn when the log is made
  std::uint32_t number = 1;          ///< of this segment
  std::uint32_t first_number = 1;    ///< of the oldest segment that belongs to the log
  std::uint64_t first_sequence = 1;  ///< of the first batch in this segment
  std::int64_t timestamp_us = std::numeric_limits<std::int64_t>::min();  ///< of the last record before this segment
  std::vector<PartitionStart> partitions;                                ///< by slot
};

/// The bytes that the header of a segment takes in a log of this many partitions.
std::size_t segment_header_bytes(std::size_t slots);
std::vector<std::byte> encode(const SegmentHeader& header);
/// Nothing if `bytes` do not begin with a whole header of a format that is known and a checksum that fits.
std::optional<SegmentHeader> decode_segment_header(Bytes bytes);

/// Throws LogError unless format, partitions and key hash are such as this code can write.
void check_layout(const LogLayout& layout);

/// Puts the header with its checksums in front of the records. REQUIRES: `batch` has `header.bytes` bytes.
void seal_batch(std::uint64_t salt, Position at, BatchHeader header, std::span<std::byte> batch);

/// The header at the beginning of `bytes`, which stand at `at`; nothing if there is none. Its length is then bounded.
std::optional<BatchHeader> checked_head(std::uint64_t salt, Position at, Bytes bytes);

/// The whole batch at the beginning of `bytes`, which stand at `at`; nothing if there is none or its checksum is wrong.
std::optional<Bytes> checked_batch(std::uint64_t salt, Position at, Bytes bytes);

/// Whether all records of a batch lie within it, are linked forward, and belong to partitions that exist.
/// REQUIRES: `batch` came from `checked_batch`.
bool well_formed(Bytes batch, const Slots& slots);

/// 0000000001.segment, 0000000001.index.
std::string segment_name(std::uint32_t number);
std::string index_name(std::uint32_t number);
/// The number in a segment's file name; nothing for other names.
std::optional<std::uint32_t> segment_number(const std::string& file_name);

/// "FILE, byte N: WHAT (REMEDY)" as a LogError.
[[noreturn]] void throw_damage(const std::filesystem::path& file, std::uint64_t byte, const std::string& what);

}  // namespace virtscale::segment
