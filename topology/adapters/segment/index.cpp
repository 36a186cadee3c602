#include "topology/adapters/segment/index.hpp"

#include <algorithm>

#include "topology/adapters/segment/checksum.hpp"

namespace virtscale::segment {
namespace {

constexpr std::uint64_t index_magic = 0x3158444e49474553;  // "SEGINDX1"

/// The beginning of an index file; one DiskSlot for each slot follows, then all runs.
struct DiskIndex {
  std::uint64_t magic = index_magic;
  std::uint32_t format = format_version;
  std::uint32_t checksum = 0;       ///< of all that follows, up to the first run
  std::uint32_t runs_checksum = 0;  ///< of all runs
  std::uint32_t slots = 0;
  std::uint64_t salt = 0;
  std::uint32_t number = 0;
  std::uint32_t first_number = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;
  std::int64_t timestamp_us = 0;
};
static_assert(sizeof(DiskIndex) == 80);
constexpr std::size_t checksummed_from = 16;

struct DiskSlot {
  std::uint64_t end_offset = 0;
  std::uint64_t runs_end = 0;  ///< the number of runs of this slot and all before it
};

std::size_t directory_bytes(std::size_t slots) {
  return sizeof(DiskIndex) + slots * sizeof(DiskSlot);
}

DiskSlot slot_at(Bytes index, std::size_t slot) {
  return load<DiskSlot>(index.data() + directory_bytes(slot));
}

DiskIndex to_disk(const SegmentEnd& end) {
  DiskIndex disk;
  disk.slots = static_cast<std::uint32_t>(end.offsets.size());
  disk.salt = end.salt;
  disk.number = end.number;
  disk.first_number = end.first_number;
  disk.first_sequence = end.first_sequence;
  disk.last_sequence = end.last_sequence;
  disk.bytes = end.bytes;
  disk.records = end.records;
  disk.timestamp_us = end.timestamp_us;
  return disk;
}

/// Copies the slots' directory and the runs into the file's bytes.
void fill(std::vector<std::byte>& bytes, const SegmentEnd& end, const std::vector<std::vector<Run>>& runs) {
  std::byte* directory = bytes.data() + sizeof(DiskIndex);
  std::byte* at = bytes.data() + directory_bytes(runs.size());
  std::uint64_t runs_end = 0;
  for (std::size_t slot = 0; slot < runs.size(); ++slot, directory += sizeof(DiskSlot)) {
    runs_end += runs[slot].size();
    const DiskSlot entry{end.offsets[slot], runs_end};
    std::memcpy(directory, &entry, sizeof entry);
    if (!runs[slot].empty()) std::memcpy(at, runs[slot].data(), runs[slot].size() * sizeof(Run));
    at += runs[slot].size() * sizeof(Run);
  }
}

bool begins_before(const Run& run, Instant at) {
  return run.timestamp_us < at.us;
}

}  // namespace

void LiveIndex::add(const Run& run, std::uint64_t end) {
  const std::lock_guard lock(mutex_);
  runs_.push_back(run);
  end_.store(end, std::memory_order_release);
}

std::size_t LiveIndex::find(std::uint64_t offset, std::span<Run> into) const {
  const std::lock_guard lock(mutex_);
  if (runs_.empty() || offset < runs_.front().offset) return 0;
  // Readers are near the end as a rule, so the search widens from there.
  std::size_t back = 1;
  while (back < runs_.size() && runs_[runs_.size() - back].offset > offset) back *= 2;
  const auto low = runs_.end() - static_cast<std::ptrdiff_t>(std::min(back, runs_.size()));
  auto run = std::upper_bound(low, runs_.end(), offset,
                              [](std::uint64_t wanted, const Run& at) { return wanted < at.offset; });
  if (run != runs_.begin()) --run;
  const std::size_t count = std::min(into.size(), static_cast<std::size_t>(runs_.end() - run));
  std::copy_n(run, count, into.begin());
  return count;
}

std::size_t LiveIndex::first(std::span<Run> into) const {
  const std::lock_guard lock(mutex_);
  const std::size_t count = std::min(into.size(), runs_.size());
  std::copy_n(runs_.begin(), count, into.begin());
  return count;
}

std::optional<std::uint64_t> LiveIndex::begun_before(Instant at) const {
  const std::lock_guard lock(mutex_);
  const auto first_after = std::lower_bound(runs_.begin(), runs_.end(), at, begins_before);
  if (first_after == runs_.begin()) return std::nullopt;
  return std::prev(first_after)->offset;
}

std::vector<Run> LiveIndex::runs_until(std::uint32_t segment) const {
  const std::lock_guard lock(mutex_);
  const auto end = std::find_if(runs_.begin(), runs_.end(), [&](const Run& run) { return run.at.segment() > segment; });
  return {runs_.begin(), end};
}

void LiveIndex::drop_until(std::uint32_t segment) {
  const std::lock_guard lock(mutex_);
  while (!runs_.empty() && runs_.front().at.segment() <= segment) runs_.pop_front();
}

std::vector<std::byte> SealedIndex::encode(const SegmentEnd& end, const std::vector<std::vector<Run>>& runs) {
  std::size_t count = 0;
  for (const auto& of_slot : runs) count += of_slot.size();
  const std::size_t directory = directory_bytes(runs.size());
  std::vector<std::byte> bytes(directory + count * sizeof(Run));
  fill(bytes, end, runs);
  DiskIndex disk = to_disk(end);
  disk.runs_checksum = crc32c(0, Bytes(bytes).subspan(directory));
  std::memcpy(bytes.data(), &disk, sizeof disk);
  disk.checksum = crc32c(0, Bytes(bytes).first(directory).subspan(checksummed_from));
  std::memcpy(bytes.data(), &disk, sizeof disk);
  return bytes;
}

std::shared_ptr<const SealedIndex> SealedIndex::open(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return nullptr;
  auto index = std::make_shared<SealedIndex>();
  index->file_ = file;
  index->mapping_ = Mapping(File(file, FileMode::read), FileMode::read);
  return index->decode() ? index : nullptr;
}

std::shared_ptr<const SealedIndex> SealedIndex::hold(std::vector<std::byte> bytes, const std::filesystem::path& file) {
  auto index = std::make_shared<SealedIndex>();
  index->file_ = file;
  index->held_ = std::move(bytes);
  return index->decode() ? index : nullptr;
}

bool SealedIndex::decode() {
  const Bytes all = bytes();
  if (all.size() < sizeof(DiskIndex)) return false;
  const auto disk = load<DiskIndex>(all.data());
  if (disk.magic != index_magic || disk.format != format_version || disk.slots == 0 ||
      disk.slots > partitions_max * topics_count || directory_bytes(disk.slots) > all.size())
    return false;
  const Bytes directory = all.first(directory_bytes(disk.slots));
  if (crc32c(0, directory.subspan(checksummed_from)) != disk.checksum) return false;
  if (all.size() != directory.size() + slot_at(all, disk.slots - 1).runs_end * sizeof(Run)) return false;
  end_ = {disk.salt,           disk.number,        disk.first_number,
          disk.first_sequence, disk.last_sequence, disk.bytes,
          disk.records,        disk.timestamp_us,  {}};
  std::uint64_t runs_end = 0;
  for (std::size_t slot = 0; slot < disk.slots; ++slot) {
    if (slot_at(all, slot).runs_end < std::exchange(runs_end, slot_at(all, slot).runs_end)) return false;
    end_.offsets.push_back(slot_at(all, slot).end_offset);
  }
  return true;
}

std::span<const Run> SealedIndex::runs(std::size_t slot) const {
  const Bytes all = bytes();
  const std::size_t directory = directory_bytes(end_.offsets.size());
  std::call_once(checked_, [&] {
    if (crc32c(0, all.subspan(directory)) == load<DiskIndex>(all.data()).runs_checksum) return;
    throw LogError(file_.string() + ": the checksum is wrong (delete this file: it is made again from the segment)");
  });
  // Both the mapping and the vector begin at a multiple of 8, and so does all that stands before the runs.
  const auto* const runs = reinterpret_cast<const Run*>(all.data() + directory);
  const std::size_t begin = slot == 0 ? 0 : slot_at(all, slot - 1).runs_end;
  return {runs + begin, slot_at(all, slot).runs_end - begin};
}

std::size_t run_of(std::span<const Run> runs, std::uint64_t offset) {
  const auto after = std::upper_bound(runs.begin(), runs.end(), offset,
                                      [](std::uint64_t wanted, const Run& run) { return wanted < run.offset; });
  return after == runs.begin() ? 0 : static_cast<std::size_t>(after - runs.begin()) - 1;
}

}  // namespace virtscale::segment
