#include "compose/ledger/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

namespace virtscale::ledger {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t name_bytes_max = 128;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string errno_of(const fs::path& path, std::string_view what) {
  const int error = errno;
  return path.string() + ": cannot be " + std::string(what) + ": " + std::strerror(error);
}

bool write_all(int fd, std::string_view content, std::uint64_t offset) {
  while (!content.empty()) {
    const auto written = ::pwrite(fd, content.data(), content.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return true;
}

// Directories are made only when they turn out to be missing: that is once in 256 lines.
int open_new(const fs::path& path) {
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const int fd = ::open(path.c_str(), flags, 0644);
  if (fd >= 0 || errno != ENOENT) return fd;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  return ::open(path.c_str(), flags, 0644);
}

}  // namespace

bool is_ledger_name(std::string_view org) {
  if (org.empty() || org.size() > name_bytes_max || org.front() == '.') return false;
  return is_key_name(org) && org.find('/') == org.npos;
}

std::optional<std::string> read_file(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (static_cast<std::uint64_t>(status.st_size) > file_bytes_max) return std::nullopt;
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const auto bytes = ::read(file.get(), content.data() + filled, content.size() - filled);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) return std::nullopt;
    filled += static_cast<std::size_t>(bytes);
  }
  return content;
}

std::string replace_file(const fs::path& path, std::string_view content) {
  auto temporary = path;
  temporary += ".new";
  const Descriptor file(open_new(temporary));
  if (file.get() < 0) return errno_of(temporary, "made");
  if (!write_all(file.get(), content, 0)) return errno_of(temporary, "written");
  if (::rename(temporary.c_str(), path.c_str()) != 0) return errno_of(path, "replaced");
  return {};
}

std::string write_tail(const fs::path& path, std::uint64_t offset, std::string_view content) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (file.get() < 0) return errno_of(path, "opened");
  const bool written = write_all(file.get(), content, offset) &&
                       ::ftruncate(file.get(), static_cast<off_t>(offset + content.size())) == 0;
  return written ? std::string() : errno_of(path, "written");
}

std::string sync_files(const fs::path& directory) {
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() >= 0 && ::syncfs(opened.get()) == 0) return {};
  return errno_of(directory, "made durable");
}

std::optional<std::vector<std::string_view>> entries_of(std::string_view bundle) {
  std::vector<std::string_view> entries;
  while (!bundle.empty()) {
    if (bundle.size() < 2) return std::nullopt;
    const auto length =
        static_cast<std::size_t>(static_cast<unsigned char>(bundle[0]) << 8 | static_cast<unsigned char>(bundle[1]));
    if (bundle.size() - 2 < length) return std::nullopt;
    entries.push_back(bundle.substr(2, length));
    bundle.remove_prefix(2 + length);
  }
  return entries;
}

void append_entry(std::string& bundle, std::string_view entry) {
  bundle += static_cast<char>(entry.size() >> 8);
  bundle += static_cast<char>(entry.size() & 0xff);
  bundle += entry;
}

std::optional<std::vector<VerifierKey>> parse_keys(std::string_view file) {
  std::vector<VerifierKey> keys;
  while (!file.empty()) {
    const auto end = std::min(file.find('\n'), file.size());
    const auto key = parse_vkey(file.substr(0, end));
    if (!key) return std::nullopt;
    keys.push_back(*key);
    file.remove_prefix(std::min(end + 1, file.size()));
  }
  return keys;
}

std::optional<std::string> TileReader::read(const std::string& partial, const std::string& full) {
  auto content = read_file(directory_ / partial);
  if (!content && partial != full) content = read_file(directory_ / full);
  if (!content && fault_.empty()) fault_ = (directory_ / partial).string() + ": it is missing or cannot be read";
  return content;
}

std::vector<Digest> TileReader::hashes(unsigned level, std::uint64_t number) {
  const auto width = width_of(level, number, size_);
  const auto path = tile_path({level, number, width});
  const auto content = read(path, tile_path({level, number}));
  if (!content) return {};
  std::vector<Digest> hashes(width);
  // A full tile that stands in for a partial one is longer; every other length is wrong.
  const bool whole = content->size() == width * sizeof(Digest) || content->size() == tile_width * sizeof(Digest);
  if (!whole) {
    if (fault_.empty())
      fault_ = (directory_ / path).string() + ": it has " + std::to_string(content->size()) + " bytes instead of " +
               std::to_string(width * sizeof(Digest));
    return {};
  }
  std::memcpy(hashes.data(), content->data(), width * sizeof(Digest));
  return hashes;
}

std::string TileReader::bundle(std::uint64_t number) {
  const auto width = width_of(0, number, size_);
  const auto path = entries_path({0, number, width});
  auto content = read(path, entries_path({0, number}));
  if (!content) return {};
  const auto entries = entries_of(*content);
  if (!entries || (entries->size() != width && entries->size() != tile_width)) {
    if (fault_.empty())
      fault_ = (directory_ / path).string() + ": it does not hold " + std::to_string(width) + " whole entries";
    return {};
  }
  const auto& last = (*entries)[width - 1];
  content->resize(static_cast<std::size_t>(last.data() + last.size() - content->data()));
  return std::move(*content);
}

Digest TileReader::operator()(std::uint64_t begin, std::uint64_t end) {
  const auto height = static_cast<unsigned>(std::countr_zero(end - begin));
  const auto level = height / tile_height;
  const auto first = begin >> (level * tile_height);
  const auto count = std::uint64_t{1} << (height % tile_height);
  const auto tile = hashes(level, first / tile_width);
  if (tile.empty()) return {};
  CompactRange range;
  for (std::uint64_t i = 0; i < count; ++i) range.append(tile[first % tile_width + i]);
  return range.root();
}

}  // namespace virtscale::ledger
