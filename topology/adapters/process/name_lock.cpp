#include "topology/adapters/process/name_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace virtscale::process {
namespace {

// FNV-1a (Fowler, Noll, Vo), 64 bits. Every process must come to the same number, which std::hash does not promise.
std::uint64_t number_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

std::optional<NameLock> NameLock::try_take(const std::filesystem::path& file, std::string_view name) {
  NameLock lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  // Each name is one byte of a file that has none: its lock needs no file of its own that somebody would have to
  // remove.
  struct flock byte {};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = static_cast<off_t>(number_of(name) >> 1);
  byte.l_len = 1;
  // Of the open file and not of the process, so that two drivers in one process keep each other out as well.
  if (lock.fd_ >= 0 && ::fcntl(lock.fd_, F_OFD_SETLK, &byte) == 0) return lock;
  if (lock.fd_ >= 0 && (errno == EAGAIN || errno == EACCES)) return {};
  throw std::system_error(errno, std::generic_category(), "cannot lock " + file.string());
}

NameLock::~NameLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace virtscale::process
