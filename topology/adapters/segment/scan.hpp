// Reads one segment from its first batch to the last good one, and collects what the log must know of it.
#pragma once

#include "topology/adapters/segment/index.hpp"
#include "topology/adapters/segment/window.hpp"

namespace virtscale::segment {

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
