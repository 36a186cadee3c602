// A file seen through a buffer that moves along it, and the batches in it.
//
// The one thing to know: bytes come by read calls, not by a mapping, so that a bad sector or a file that was cut is an
// error that names its place, and not a signal that kills the process.
#pragma once

#include <memory>

#include "topology/adapters/segment/file.hpp"
#include "topology/adapters/segment/format.hpp"

namespace virtscale::segment {

/// Used by one thread at a time.
class Window {
 public:
  /// Reads `ahead` bytes at once.
  Window(File file, std::size_t ahead) : file_(std::move(file)), ahead_(ahead) {}

  const File& file() const { return file_; }
  /// At least `wanted` bytes from `byte` on; fewer only at the end of the file. Live until the next call.
  Bytes at(std::uint64_t byte, std::size_t wanted);
  /// Reads from the file again at the next call.
  void forget() { size_ = 0; }
  /// The batch that begins at `byte`, its checksum checked; nothing if there is none. Lives until the next call.
  std::optional<Bytes> batch_at(std::uint64_t salt, std::uint32_t segment, std::uint64_t byte);

 private:
  File file_;
  const std::size_t ahead_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t capacity_ = 0;
  std::uint64_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace virtscale::segment
