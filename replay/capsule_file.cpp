#include "replay/capsule_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "topology/contract/sha256.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t block = 512;
constexpr std::string_view first_line = "virtscale capsule 1\n";
constexpr std::string_view copy_again = " (the capsule is damaged: copy it again, or make it anew)";

[[noreturn]] void fail(const fs::path& file, const std::string& what) {
  throw CapsuleError(file.string() + ": " + what);
}
[[noreturn]] void fail_at(const fs::path& file, std::uint64_t byte, const std::string& what) {
  fail(file, "byte " + std::to_string(byte) + ": " + what + std::string(copy_again));
}

// --- Header of one file in a tar (POSIX.1-1988, ustar) -------------------------------------------------------------

struct TarHeader {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char time[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[8];
  char owner[32];
  char group[32];
  char major[8];
  char minor[8];
  char prefix[155];
  char padding[12];
};
static_assert(sizeof(TarHeader) == block);

template <std::size_t N>
void put_octal(char (&field)[N], std::uint64_t number) {
  field[N - 1] = '\0';
  for (std::size_t i = N - 1; i-- > 0; number >>= 3U) field[i] = static_cast<char>('0' + (number & 7U));
}

template <std::size_t N>
std::optional<std::uint64_t> octal_in(const char (&field)[N]) {
  const std::string_view text(field, strnlen(field, N));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 8);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return number;
}

// The sum of the header's bytes with the field itself as spaces.
std::uint64_t checksum_of(TarHeader header) {
  std::memset(header.checksum, ' ', sizeof header.checksum);
  std::array<unsigned char, block> bytes{};
  std::memcpy(bytes.data(), &header, block);
  std::uint64_t sum = 0;
  for (const auto byte : bytes) sum += byte;
  return sum;
}

// Everything but name and size is the same in every capsule, so that equal contents are equal files.
TarHeader header_of(const std::string& name, std::uint64_t size) {
  TarHeader header{};
  std::memcpy(header.name, name.data(), std::min(name.size(), sizeof header.name - 1));
  put_octal(header.mode, 0644);
  put_octal(header.uid, 0);
  put_octal(header.gid, 0);
  put_octal(header.size, size);
  put_octal(header.time, 0);
  header.type = '0';
  std::memcpy(header.magic, "ustar\00000", sizeof header.magic);
  put_octal(header.checksum, checksum_of(header));
  return header;
}

// A relative path of plain names: what is unpacked stays in its directory.
bool is_plain_path(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == '/';
  };
  return !name.empty() && name.size() < sizeof(TarHeader::name) && std::ranges::all_of(name, plain) &&
         name.front() != '/' && name.back() != '/' && ("/" + std::string(name)).find("/.") == std::string::npos;
}

// --- Files ---------------------------------------------------------------------------------------------------------

std::string read_whole(const fs::path& file) {
  // A folder opens as well, and throws when it is read.
  if (fs::is_directory(file)) fail(file, "is a folder, and should be a file");
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in) fail(file, "cannot be read (check that it is there, and its permissions)");
  return text;
}

std::string hex(const Digest& digest) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const auto byte : digest) {
    text += digits[std::to_integer<unsigned>(byte) >> 4U];
    text += digits[std::to_integer<unsigned>(byte) & 15U];
  }
  return text;
}

std::string sha256_of(std::string_view text) {
  return hex(sha256(std::as_bytes(std::span(text.data(), text.size()))));
}

std::vector<std::string> files_below(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) names.push_back(fs::relative(entry.path(), directory).string());
  }
  std::ranges::sort(names);
  return names;
}

// --- Writing -------------------------------------------------------------------------------------------------------

std::string manifest_of(const fs::path& directory, const std::string& about) {
  std::string text(first_line);
  text += about + "\n";
  for (const auto& name : files_below(directory)) text += sha256_of(read_whole(directory / name)) + "  " + name + "\n";
  return text;
}

void put_file(std::ofstream& out, const fs::path& directory, const std::string& name) {
  const auto text = read_whole(directory / name);
  const auto header = header_of(name, text.size());
  out.write(reinterpret_cast<const char*>(&header), sizeof header);
  out << text << std::string((block - text.size() % block) % block, '\0');
}

// --- Reading -------------------------------------------------------------------------------------------------------

// One file after another, from the front.
class Tar {
 public:
  explicit Tar(const fs::path& file) : file_(file), in_(file, std::ios::binary) {
    if (!in_) fail(file, "cannot be read (check that it is there, and its permissions)");
  }

  /// Unpacks the next file into `directory`; false at the end.
  bool unpack_next(const fs::path& directory) {
    TarHeader header{};
    const auto began = at_;
    if (!read(reinterpret_cast<char*>(&header), sizeof header)) fail_at(file_, began, "the file ends too early");
    if (header.name[0] == '\0') return false;
    const auto name = name_in(header, began);
    const auto size = octal_in(header.size);
    if (!size || *size > capsule_entry_bytes_max) fail_at(file_, began, "the size of " + name + " is no size");
    std::error_code error;
    fs::create_directories((directory / name).parent_path(), error);
    if (error) fail_at(file_, began, name + " cannot be unpacked: " + error.message());
    copy(directory / name, *size);
    if (++entries_ > capsule_entries_max) fail_at(file_, began, "there are too many files in it");
    return true;
  }

 private:
  std::string name_in(const TarHeader& header, std::uint64_t began) {
    if (octal_in(header.checksum) != checksum_of(header)) {
      if (began == 0)
        fail(file_, "is not a capsule (name a file that `virtscale-replay capsule` made, or a directory)");
      fail_at(file_, began, "the header of a file is damaged");
    }
    const std::string name(header.name, strnlen(header.name, sizeof header.name));
    if (header.type != '0' || !is_plain_path(name)) fail_at(file_, began, "this is no file of a capsule");
    return name;
  }

  void copy(const fs::path& to, std::uint64_t size) {
    std::ofstream out(to, std::ios::binary | std::ios::trunc);
    std::vector<char> buffer(64 * 1'024);
    for (std::uint64_t left = size; left > 0;) {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
      const auto began = at_;
      if (!read(buffer.data(), part)) fail_at(file_, began, "the file ends within " + to.filename().string());
      out.write(buffer.data(), static_cast<std::streamsize>(part));
      left -= part;
    }
    if (!out.flush()) fail(to, "cannot be written (check the room for temporary files, TMPDIR)");
    read(buffer.data(), static_cast<std::size_t>((block - size % block) % block));
  }

  bool read(char* into, std::size_t bytes) {
    in_.read(into, static_cast<std::streamsize>(bytes));
    at_ += static_cast<std::uint64_t>(in_.gcount());
    return static_cast<std::size_t>(in_.gcount()) == bytes;
  }

  const fs::path& file_;
  std::ifstream in_;
  std::uint64_t at_ = 0;
  std::size_t entries_ = 0;
};

// The file `MANIFEST.sha256` holds the hash of the manifest, so that a change of the manifest itself is seen.
fs::path seal_of(const fs::path& directory) {
  return directory / (std::string(manifest_name) + ".sha256");
}

}  // namespace

std::string pack_capsule(const fs::path& directory, const std::string& about, const fs::path& file) {
  if (fs::exists(file)) fail(file, "is there already (choose another name, or remove it)");
  const auto manifest = manifest_of(directory, about);
  std::ofstream(directory / manifest_name, std::ios::binary) << manifest;
  std::ofstream(seal_of(directory), std::ios::binary) << sha256_of(manifest) << "  " << manifest_name << "\n";
  auto draft = file;
  draft += ".new";
  std::ofstream out(draft, std::ios::binary | std::ios::trunc);
  for (const auto& name : files_below(directory)) put_file(out, directory, name);
  out << std::string(2 * block, '\0');
  if (!out.flush()) fail(draft, "cannot be written (check the disk's room and the permissions)");
  fs::rename(draft, file);
  return sha256_of(manifest);
}

std::shared_ptr<const TemporaryDirectory> unpack_capsule(const fs::path& file) {
  auto directory = std::make_shared<const TemporaryDirectory>();
  Tar tar(file);
  while (tar.unpack_next(directory->path())) {
  }
  try {
    check_manifest(directory->path());
  } catch (const CapsuleError& error) {
    throw CapsuleError(file.string() + " holds " + error.what());
  }
  return directory;
}

void check_manifest(const fs::path& directory) {
  const auto manifest = read_whole(directory / manifest_name);
  if (!manifest.starts_with(first_line))
    fail(manifest_name, "is of another format (use the version of virtscale-replay that made the capsule)");
  if (!read_whole(seal_of(directory)).starts_with(sha256_of(manifest)))
    fail(manifest_name, "is not what it was when the capsule was made" + std::string(copy_again));
  std::istringstream lines(manifest.substr(std::min(manifest.size(), manifest.find("\n\n") + 2)));
  for (std::string digest, name; lines >> digest >> name;) {
    if (!is_plain_path(name)) fail(manifest_name, "lists a file outside of the capsule");
    if (!fs::is_regular_file(directory / name))
      fail(name, "which the manifest lists, is not there" + std::string(copy_again));
    if (sha256_of(read_whole(directory / name)) != digest)
      fail(name, "is not what the manifest lists: its SHA-256 is another" + std::string(copy_again));
  }
}

}  // namespace virtscale::replay
