#include "topology/host/snapshot/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace virtscale {
namespace {

constexpr std::size_t piece_bytes = 256U << 10U;

[[noreturn]] void fail(const std::string& verb, const std::filesystem::path& path) {
  const auto reason = errno == 0 ? std::string("input or output error") : std::generic_category().message(errno);
  throw SnapshotError("cannot " + verb + " " + path.string() + ": " + reason +
                      " (check its disk's space, and that the file belongs to this user)");
}

}  // namespace

SnapshotFile describe_file(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  SnapshotFile file{.name = path.filename().string()};
  Sha256 sha256;
  std::string piece(piece_bytes, '\0');
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto read = static_cast<std::size_t>(in.gcount());
    sha256.update(std::as_bytes(std::span(piece).first(read)));
    file.bytes += read;
  }
  if (in.bad() || !in.eof()) fail("read", path);
  file.digest = sha256.finish();
  return file;
}

std::string read_text_file(const std::filesystem::path& path, std::size_t bytes_max) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text(bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > bytes_max) {
    throw SnapshotError(path.string() + " has more than the " + std::to_string(bytes_max) + " bytes that it may have");
  }
  if (in.bad() || !in.eof()) fail("read", path);
  return text;
}

void write_text_file(const std::filesystem::path& path, const std::string& text) {
  const auto whole = path.string() + ".new";
  errno = 0;
  std::ofstream out(whole, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) fail("write", whole);
  sync_to_disk(whole);
  if (::rename(whole.c_str(), path.c_str()) != 0) fail("write", path);
  sync_to_disk(path.parent_path());
}

void sync_to_disk(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("open", path);
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  errno = error;
  if (error != 0) fail("make durable", path);
}

}  // namespace virtscale
