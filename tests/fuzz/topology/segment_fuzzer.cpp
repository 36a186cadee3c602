// Segment files: opened as their owner does, or to read, and read to their ends. Input: a byte of options, then either
// the bytes of two segments and `durable`, or batches that are put together from the input and sealed with the right
// checksums, which no random bytes have.
// Properties: only LogError; what is read ascends within each partition and is within the bounds of a record; an owner
// can append to whatever opens, what could be read before can be read after, and the log opens again.
#include <array>
#include <utility>
#include <vector>

#include "tests/fuzz/input.hpp"
#include "tests/fuzz/put_file.hpp"
#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/adapters/segment/format.hpp"
#include "topology/adapters/segment/segment_log.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::fuzz {
namespace {

using segment::BatchHeader;
using segment::Position;
using segment::RecordHeader;

enum Option : std::uint8_t { raw = 1, owner = 2, two_segments = 4, with_watermark = 8, torn = 16 };

constexpr int batches_max = 16;
constexpr int records_of_batch_max = 8;
constexpr std::uint64_t salt = 0x5a175a175a175a17;

std::byte* at(std::vector<std::byte>& bytes, std::size_t place) {
  return bytes.data() + place;
}

/// A segment from an input: sound but for what the input has changed before it is sealed.
class Forge {
 public:
  Forge(Input& input, std::uint32_t number) : input_(input), number_(number) {
    segment::SegmentHeader header;
    header.salt = salt;
    header.number = number;
    header.first_sequence = 1 + (input.integer<std::uint8_t>() & 1U);
    if ((input.integer<std::uint8_t>() & 1U) != 0) header.first_number = input.integer<std::uint8_t>();
    header.partitions.resize(topics_count);
    for (auto& partition : header.partitions) partition.next_offset = input.integer<std::uint8_t>();
    sequence_ = header.first_sequence;
    file_ = encode(header);
  }

  std::string make() {
    const int batches = input_.integer<std::uint8_t>() % batches_max;
    for (int n = 0; n < batches; ++n) add_batch();
    return std::string(text_of(file_));
  }

 private:
  void add_batch() {
    batch_.assign(sizeof(BatchHeader), {});
    last_.fill(0);
    BatchHeader header;
    header.records = 1 + input_.integer<std::uint8_t>() % records_of_batch_max;
    for (std::uint32_t n = 0; n < header.records; ++n) add_record();
    for (int edits = input_.integer<std::uint8_t>() & 3U; edits > 0; --edits) edit();
    header.bytes = static_cast<std::uint32_t>(batch_.size());
    header.sequence = sequence_ + (input_.integer<std::uint8_t>() == 1 ? 1 : 0);
    header.durable = input_.integer<std::uint8_t>();
    header.timestamp_us = input_.integer<std::int64_t>();
    sequence_ = header.sequence + 1;
    segment::seal_batch(salt, Position::in(number_, file_.size()), header, batch_);
    file_.insert(file_.end(), batch_.begin(), batch_.end());
  }

  void add_record() {
    const auto topic = input_.integer<std::uint8_t>() % topics_count;
    const auto key = input_.text().substr(0, key_bytes_max);
    const auto value = input_.text();
    RecordHeader record;
    record.value_bytes = static_cast<std::uint32_t>(value.size());
    record.in_batch = static_cast<std::uint32_t>(batch_.size());
    record.offset = offsets_[topic]++;
    record.key_bytes = static_cast<std::uint16_t>(key.size());
    record.topic = static_cast<std::uint8_t>(topic);
    link(topic, record.in_batch);
    batch_.resize(batch_.size() + segment::record_bytes(key.size(), value.size()));
    std::memcpy(at(batch_, record.in_batch), &record, sizeof record);
    auto* behind = at(batch_, record.in_batch + sizeof record);
    std::copy(key.begin(), key.end(), reinterpret_cast<char*>(behind));
    std::copy(value.begin(), value.end(), reinterpret_cast<char*>(behind) + key.size());
  }

  void link(std::size_t topic, std::uint32_t to) {
    const auto before = std::exchange(last_[topic], to);
    if (before == 0) return;
    const auto distance = to - before;
    std::memcpy(at(batch_, before + offsetof(RecordHeader, next)), &distance, sizeof distance);
  }

  void edit() {
    const auto place = sizeof(BatchHeader) + input_.integer<std::uint16_t>() % (batch_.size() - sizeof(BatchHeader));
    batch_[place] ^= input_.integer<std::byte>();
  }

  Input& input_;
  std::uint32_t number_;
  std::uint64_t sequence_ = 1;
  std::array<std::uint64_t, topics_count> offsets_{10, 20, 30, 40, 50, 60, 70};
  std::array<std::uint32_t, topics_count> last_{};  // record of each topic in this batch; 0: none
  std::vector<std::byte> batch_;
  std::vector<std::byte> file_;
};

std::uint64_t read_all(Log& log) {
  std::uint64_t records = 0;
  for (std::size_t topic = 0; topic < topics_count; ++topic) {
    for (std::uint32_t partition = 0; partition < std::min(log.layout().partitions[topic], 4U); ++partition) {
      std::uint64_t next = 0;
      log.read({static_cast<Topic>(topic), partition}, 0, 100'000, [&](const LogRecord& record) {
        check(record.offset >= next, "offsets ascend");
        check(record.key.size() <= key_bytes_max && record.value.size() <= record_bytes_max, "a record is bounded");
        next = record.offset + 1;
        ++records;
        return true;
      });
      log.offset_at({static_cast<Topic>(topic), partition}, Instant{0});
    }
  }
  return records;
}

void append_and_reopen(const SegmentLogOptions& options) {
  std::uint64_t before = 0;
  {
    const auto opened = open_segment_log(options);
    before = read_all(*opened.log);
    const LogAppend append{{Topic::alerts, 0}, "key", bytes_of("value")};
    opened.log->append({&append, 1});
    opened.log->sync();
    check(read_all(*opened.log) == before + 1, "an append adds one record");
  }
  check(read_all(*open_segment_log(options).log) == before + 1, "a log that was closed opens with the same records");
}

void put_files(const std::filesystem::path& directory, std::uint8_t choice, Input& input) {
  std::filesystem::remove_all(directory);
  std::filesystem::create_directory(directory);
  for (std::uint32_t number = 1; number <= ((choice & two_segments) != 0 ? 2U : 1U); ++number) {
    auto bytes = (choice & raw) != 0 ? std::string(input.text()) : Forge(input, number).make();
    if ((choice & torn) != 0)
      bytes.resize(bytes.size() - std::min<std::size_t>(bytes.size(), input.integer<std::uint8_t>()));
    put_file(directory / segment::segment_name(number), bytes);
  }
  if ((choice & with_watermark) != 0) put_file(directory / "durable", input.rest());
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  using namespace virtscale::fuzz;
  static const TemporaryDirectory directory(TemporaryDirectory::On::memory);
  static ManualClock clock{Instant{1'776'000'000'000'000}};
  const auto log = directory.path() / "log";
  Input input(data, size);
  const auto choice = input.integer<std::uint8_t>();
  put_files(log, choice, input);
  try {
    if ((choice & owner) != 0) {
      append_and_reopen({.directory = log, .clock = &clock});
    } else {
      read_all(*open_segment_log_to_read(log).log);
    }
  } catch (const LogError& error) {
    check(error.what()[0] != '\0', "an error says what is wrong");
  }
  return 0;
}
