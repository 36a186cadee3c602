// Reads one segment from its first batch to the last good one, and collects what the log must know of it.
#pragma once

#include <memory>

#include "topology/adapters/segment/index.hpp"

namespace virtscale::segment {

/// A file seen through a buffer that moves along it, and the batches in it. Bytes come by read calls, not by a mapping,
/// so that a bad sector or a file that was cut is an error that names its place, and not a signal that kills the
/// process. Used by one thread at a time.
class Window {
 public:
  /// Reads `ahead` bytes at once.
  Window(File file, std::size_t ahead) : file_(std::move(file)), ahead_(ahead) {}

  const File& file() const { return file_; }
  /// At least `wanted` bytes from `byte` on; fewer only at the end of the file. Live until the next call.
  Bytes at(std::uint64_t byte, std::size_t wanted);
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

/// The header of a segment file; nothing if it is incomplete or damaged. Throws LogError if it is another segment's.
std::optional<SegmentHeader> read_segment_header(Window& window, std::uint32_t number);

/// Used by one thread.
class Scan {
 public:
  Scan(Window& window, const SegmentHeader& header);

  /// Goes on to the first byte that begins no good batch: the end of the file, a torn tail or damage. Throws LogError
  /// for a batch whose checksum is right and whose contents are not.
  void run();
  /// The highest watermark in good batches behind the point where `run` ended, and whether there are any.
  struct Beyond {
    Ticket durable = 0;
    std::uint64_t batches = 0;
  };
  Beyond look_beyond();

  /// How the segment ends, as far as it is good.
  const SegmentEnd& end() const { return end_; }
  std::vector<std::vector<Run>>& runs() { return runs_; }
  const std::vector<PartitionStart>& partitions() const { return partitions_; }
  Ticket durable() const { return durable_; }

 private:
  void take(Bytes batch);
  void take_record(const RecordHeader& record, const BatchHeader& batch);
  [[noreturn]] void damage(const std::string& what) const;

  Window& window_;
  const Slots slots_;
  SegmentEnd end_;
  std::vector<std::vector<Run>> runs_;
  std::vector<PartitionStart> partitions_;
  Ticket durable_ = 0;
};

}  // namespace virtscale::segment
