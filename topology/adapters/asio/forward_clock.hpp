// A wall clock that never goes back: when the system's is set back, this one goes on at the pace of a steady one.
//
// Why: the log never gives an earlier timestamp than before, so with a clock that was set back an hour, cooldowns and
// deadlines would stand still for that hour.
#pragma once

#include <mutex>

#include "topology/ports/clock.hpp"

namespace virtscale {

/// Thread-safe.
class ForwardClock final : public Clock {
 public:
  /// Setting back by less than this, as NTP does, only makes the clock stand until the system's has caught up.
  static constexpr Duration set_back_min = seconds(1);

  /// `system` and `steady` must outlive it; `steady` never jumps, and its zero may be anywhere.
  ForwardClock(const Clock& system, const Clock& steady) : system_(system), steady_(steady) {}

  Instant now() const override;
  /// From now on at least `earliest`, such as the timestamp of the last record of a log.
  void not_before(Instant earliest);

 private:
  const Clock& system_;
  const Clock& steady_;
  mutable std::mutex mutex_;
  mutable Instant last_;
  mutable Instant last_steady_;
};

}  // namespace virtscale
