#include "topology/adapters/segment/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <system_error>

namespace virtscale::segment {
namespace {

std::string remedy_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "the disk is full: free some space, then start again";
    case EFBIG:
      return "the file size limit of the process is reached: raise it (ulimit -f), then start again";
    case EIO:
      return "the disk has failed: look into the kernel's messages, replace it, then start again";
    case EACCES:
    case EPERM:
    case EROFS:
      return "let this user write there, or choose another data directory";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n), then start again";
    default:
      return "put this right, then start again";
  }
}

/// The text in a lock file: a process id, a newline, spaces.
constexpr std::size_t lock_bytes = 24;

int flags_of(FileMode mode) {
  switch (mode) {
    case FileMode::read:
      return O_RDONLY;
    case FileMode::write:
      return O_RDWR | O_CREAT;
    case FileMode::create:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

}  // namespace

void throw_system_error(const std::string& verb, const std::filesystem::path& path, int error) {
  throw LogError("cannot " + verb + " " + path.string() + ": " + std::generic_category().message(error) + " (" +
                 remedy_of(error) + ")");
}

File::File(std::filesystem::path path, FileMode mode) : path_(std::move(path)) {
  fd_ = ::open(path_.c_str(), flags_of(mode) | O_CLOEXEC, 0640);
  if (fd_ < 0) throw_system_error("open", path_, errno);
}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

std::uint64_t File::size() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) throw_system_error("look at", path_, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

std::size_t File::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = ::pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error("read", path_, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void File::write_at(std::uint64_t offset, Bytes bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = ::pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw_system_error("write", path_, errno);
    done += static_cast<std::size_t>(put);
  }
}

void File::sync() {
  if (::fdatasync(fd_) != 0) throw_system_error("sync", path_, errno);
}

void File::truncate(std::uint64_t bytes) {
  if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) throw_system_error("cut", path_, errno);
}

void File::truncate_if_possible(std::uint64_t bytes) noexcept {
  if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) errno = 0;
}

bool File::try_lock() {
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) throw_system_error("lock", path_, errno);
  return false;
}

void sync_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw_system_error("open", directory, errno);
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (error != 0) throw_system_error("sync", directory, error);
}

Mapping::Mapping(const File& file, FileMode mode) : size_(file.size()) {
  if (size_ == 0) return;
  const int protection = mode == FileMode::read ? PROT_READ : PROT_READ | PROT_WRITE;
  void* const at = ::mmap(nullptr, size_, protection, MAP_SHARED, file.fd_, 0);
  if (at == MAP_FAILED) throw_system_error("map", file.path_, errno);
  bytes_ = static_cast<std::byte*>(at);
}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (bytes_ != nullptr) ::munmap(bytes_, size_);
}

File lock_directory(const std::filesystem::path& directory) {
  File lock(directory / "lock", FileMode::write);
  std::string text(lock_bytes, '\0');
  if (!lock.try_lock()) {
    text.resize(lock.read_at(0, std::as_writable_bytes(std::span(text))));
    throw LogError("the log in " + directory.string() + " is in use by process " + text.substr(0, text.find('\n')) +
                   " (stop that process, or choose another data directory)");
  }
  // Always the same size and in place, so that a full disk does not matter.
  text = std::to_string(::getpid()) + "\n";
  text.resize(lock_bytes, ' ');
  lock.write_at(0, std::as_bytes(std::span(text)));
  return lock;
}

}  // namespace virtscale::segment
