#include "topology/adapters/sodium/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale {
namespace {

constexpr std::size_t key_file_bytes_max = 1'024;

/// An open file that closes itself.
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

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw KeyError(path.string() + ": " + what);
}

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const std::string& what) {
  const int error = errno;
  fail(path, what + ": " + std::strerror(error));
}

void refuse_if_others_may_read(const std::filesystem::path& path, int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) fail_with_errno(path, "cannot be examined");
  if ((status.st_mode & 077) == 0) return;
  fail(path, "others may read this secret key: run `chmod 600 " + path.string() + "`, and change the key if they did");
}

}  // namespace

std::string read_key_file(const std::filesystem::path& path, Secrecy secrecy) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT) fail(path, "there is no such key: make it with `virtscale keys generate`");
    fail_with_errno(path, "cannot be opened");
  }
  if (secrecy == Secrecy::secret) refuse_if_others_may_read(path, file.get());
  std::string text(key_file_bytes_max, '\0');
  const auto bytes = ::read(file.get(), text.data(), text.size());
  if (bytes < 0) fail_with_errno(path, "cannot be read");
  text.resize(static_cast<std::size_t>(bytes));
  if (text.size() == key_file_bytes_max || !text.ends_with('\n')) fail(path, "this is not one line, as a key file is");
  text.pop_back();
  return text;
}

void write_key_file(const std::filesystem::path& path, std::string_view text, Secrecy secrecy) {
  const mode_t mode = secrecy == Secrecy::secret ? 0600 : 0644;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.get() < 0) {
    if (errno == EEXIST) fail(path, "there is such a key already: choose another name, since keys are never replaced");
    fail_with_errno(path, "cannot be made");
  }
  const auto line = std::string(text) + "\n";
  if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    fail_with_errno(path, "cannot be written");
  if (::fsync(file.get()) != 0) fail_with_errno(path, "cannot be made durable");
}

}  // namespace virtscale
