// A walk along all segments, batch by batch, whatever partitions their records are of.
//
// The one thing to know: it needs no index: batches stand end to end, and each segment behind the one before.
#pragma once

#include <vector>

#include "topology/adapters/segment/blocks.hpp"
#include "topology/ports/sequential_log.hpp"

namespace virtscale::segment {

/// The batches of one segment: from the end of its header to the end of the last one.
struct Stretch {
  Position begin;
  Position end;
};

class SegmentWalk final : public Walk {
 public:
  /// `stretches` in the order of the log. Begins at the batch at `begin`, or at the first stretch behind it.
  SegmentWalk(BlockReader reader, std::vector<Stretch> stretches, Position begin);

  bool next(const std::function<void(const LogRecord&)>& visit) override;

 private:
  bool reach_batch();

  BlockReader reader_;
  const std::vector<Stretch> stretches_;
  std::vector<Stretch>::const_iterator stretch_;
  Position at_;
  Block block_;  ///< always the same memory, which so stays in the processor's cache
};

}  // namespace virtscale::segment
