// Keeps a domain's name to one process while the domain is looked for and started, or its end is noted.
//
// The one thing to know: it locks one name, not the directory. A process may be stopped at any instruction (a signal, a
// paused machine) while its successor goes on; what it holds then stands in the way of one domain, not of all.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

namespace virtscale::process {

/// Held until its destruction, or the end of the process, however that comes.
class NameLock {
 public:
  /// Nothing if another holds it, in this process or in another. Makes `file` if it is missing. Throws
  /// std::system_error if it cannot be locked at all.
  static std::optional<NameLock> try_take(const std::filesystem::path& file, std::string_view name);

  NameLock(NameLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  NameLock& operator=(NameLock&&) = delete;
  ~NameLock();

 private:
  explicit NameLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace virtscale::process
