#include "topology/adapters/segment/watermark.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "topology/adapters/segment/checksum.hpp"

namespace virtscale::segment {
namespace {

constexpr std::uint64_t watermark_magic = 0x314b52414d545744;  // "DWTMARK1"
constexpr const char* file_name = "durable";

/// Two entries in turn, so that a crash between the stores of one leaves the other.
struct Entry {
  std::uint64_t durable = 0;
  std::uint64_t check = 0;
};
struct DiskWatermark {
  std::uint64_t magic = watermark_magic;
  std::uint64_t salt = 0;
  std::array<Entry, 2> entries;
};
static_assert(sizeof(DiskWatermark) == 48);

std::uint64_t check_of(std::uint64_t salt, std::uint64_t durable) {
  const std::array<std::uint64_t, 2> both = {salt, durable};
  return crc32c(0, std::as_bytes(std::span(both)));
}

}  // namespace

std::optional<WatermarkRead> read_watermark(const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory / file_name)) return std::nullopt;
  DiskWatermark disk;
  const File file(directory / file_name, FileMode::read);
  if (file.read_at(0, std::as_writable_bytes(std::span(&disk, 1))) != sizeof disk) return std::nullopt;
  if (disk.magic != watermark_magic) return std::nullopt;
  std::optional<WatermarkRead> read;
  for (const Entry& entry : disk.entries)
    if (entry.check == check_of(disk.salt, entry.durable))
      read = {disk.salt, std::max(entry.durable, read ? read->durable : 0)};
  return read;
}

Watermark::Watermark(const std::filesystem::path& directory, WatermarkRead start) : salt_(start.salt) {
  const auto found = read_watermark(directory);
  // In place where that is possible: a log must open on a full disk, too.
  if (!found || found->salt != start.salt) make(directory, start);
  file_ = File(directory / file_name, FileMode::write);
  mapping_ = Mapping(file_, FileMode::write);
  set(start.durable);
}

void Watermark::make(const std::filesystem::path& directory, WatermarkRead start) {
  const Entry entry{start.durable, check_of(start.salt, start.durable)};
  const DiskWatermark disk{watermark_magic, start.salt, {entry, entry}};
  const std::filesystem::path draft = directory / "durable.new";
  File file(draft, FileMode::write);
  file.write_at(0, std::as_bytes(std::span(&disk, 1)));
  file.sync();
  std::filesystem::rename(draft, directory / file_name);
}

void Watermark::set(Ticket durable) {
  auto* const disk = reinterpret_cast<DiskWatermark*>(mapping_.writable().data());
  Entry& entry = disk->entries[next_];
  std::atomic_ref(entry.durable).store(durable, std::memory_order_release);
  std::atomic_ref(entry.check).store(check_of(salt_, durable), std::memory_order_release);
  next_ = 1 - next_;
}

}  // namespace virtscale::segment
