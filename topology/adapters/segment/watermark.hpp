// The file `durable`: the last batch that was made durable, as the log itself knew it.
//
// The one thing to know: it tells a torn tail from a loss. What the file names must be in the segments; what lies
// behind it may have been torn by a crash. It is mapped and written without a sync, always after the batch was synced:
// a crash of the process keeps it, a crash of the machine may set it back some seconds, and it is never ahead.
#pragma once

#include "topology/adapters/segment/file.hpp"

namespace virtscale::segment {

/// What the file says; nothing if it is absent or its checksum is wrong.
struct WatermarkRead {
  std::uint64_t salt = 0;
  Ticket durable = 0;
};
std::optional<WatermarkRead> read_watermark(const std::filesystem::path& directory);

/// Written by one thread.
class Watermark {
 public:
  /// Sets the file to `start`; makes it if it is absent, damaged or another log's. Throws LogError.
  Watermark(const std::filesystem::path& directory, WatermarkRead start);
  /// A store to memory.
  void set(Ticket durable);
  /// Makes the last value durable itself, for a clean end.
  void sync() { file_.sync(); }

 private:
  static void make(const std::filesystem::path& directory, WatermarkRead start);

  File file_;
  Mapping mapping_;
  std::uint64_t salt_;
  std::size_t next_ = 0;
};

}  // namespace virtscale::segment
