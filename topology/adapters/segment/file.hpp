// Files as the log needs them: positioned reads and writes, syncs, a lock, a mapping.
//
// The one thing to know: everything that fails throws LogError with the path, the system's reason and what to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "topology/ports/log.hpp"

namespace virtscale::segment {

/// Throws LogError: "cannot `verb` PATH: REASON (what to do)". `error` is an errno.
[[noreturn]] void throw_system_error(const std::string& verb, const std::filesystem::path& path, int error);

/// How a file is opened.
enum class FileMode { read, write, create };

/// An open file; closed with the object. Movable.
class File {
 public:
  File() = default;
  /// `create` makes a new file and refuses one that is there. Throws LogError.
  File(std::filesystem::path path, FileMode mode);
  File(File&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  const std::filesystem::path& path() const { return path_; }
  bool is_open() const { return fd_ >= 0; }
  std::uint64_t size() const;
  /// Fills `into` from `offset` on; returns less than its size only at the end of the file.
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const;
  void write_at(std::uint64_t offset, Bytes bytes);
  /// fdatasync. A failure is final: the kernel may have dropped the pages, so it must never be tried again.
  void sync();
  void truncate(std::uint64_t bytes);
  /// The same, for a file that is given up: an error changes nothing any more.
  void truncate_if_possible(std::uint64_t bytes) noexcept;
  /// Takes the exclusive flock of the file; false if another process has it.
  bool try_lock();

 private:
  friend class Mapping;
  std::filesystem::path path_;
  int fd_ = -1;
};

/// Makes the entries of a directory durable.
void sync_directory(const std::filesystem::path& directory);

/// A file in memory, shared with the file itself; unmapped with the object. Movable. The file may be closed.
class Mapping {
 public:
  Mapping() = default;
  /// `mode` is `read` or `write`. An empty file gives an empty mapping.
  Mapping(const File& file, FileMode mode);
  Mapping(Mapping&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  Bytes bytes() const { return {bytes_, size_}; }
  std::span<std::byte> writable() { return {bytes_, size_}; }

 private:
  std::byte* bytes_ = nullptr;
  std::size_t size_ = 0;
};

/// Takes the lock of a log's directory until the returned file is closed, and writes this process's id into it. Throws
/// LogError with the id of the process that holds it.
File lock_directory(const std::filesystem::path& directory);

}  // namespace virtscale::segment
