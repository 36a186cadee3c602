// A clock that stands where a test puts it.
#pragma once

#include <atomic>

#include "topology/ports/clock.hpp"

namespace virtscale {

/// Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = {}) : us_(start.us) {}
  Instant now() const override { return {us_.load()}; }
  /// May go back, as real clocks do.
  void set(Instant to) { us_ = to.us; }
  void advance(Duration by) { us_ += by.us; }

 private:
  std::atomic<std::int64_t> us_;
};

}  // namespace virtscale
