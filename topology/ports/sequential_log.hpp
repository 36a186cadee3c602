// A log whose partitions are one sequence, and which can be read as that: every record once, a cause before whatever it
// caused.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "topology/ports/log.hpp"

namespace virtscale {

/// A record's place: the first of a partition at or behind an offset.
struct PartitionOffset {
  TopicPartition partition;
  std::uint64_t offset = 0;
};

/// Goes along the sequence as it was when the walk began. Used by one thread; the log outlives it.
class Walk {
 public:
  virtual ~Walk() = default;
  /// Visits the records of the next batch, that is of one append, in their order; false if there is no more. All have
  /// one timestamp, and it never goes back. Throws LogError for records that cannot be read.
  virtual bool next(const std::function<void(const LogRecord&)>& visit) = 0;
};

class SequentialLog : public Log {
 public:
  /// Begins with the batch that has the first of these places. Throws LogError as `read` does.
  virtual std::unique_ptr<Walk> walk(std::span<const PartitionOffset> from) = 0;
};

}  // namespace virtscale
