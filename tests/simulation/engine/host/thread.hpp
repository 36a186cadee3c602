// A thread of a simulated process: an executor whose turns take a little time, that can stand still, and die.
//
// The one thing to know: what is posted runs in the order of posting. A thread is never destroyed before the run ends;
// a dead one drops what it is given.
#pragma once

#include <deque>
#include <functional>

#include "tests/simulation/engine/dice.hpp"
#include "tests/simulation/engine/virtual_time.hpp"
#include "topology/ports/clock.hpp"

namespace virtscale::simulation {

class Thread final : public Executor {
 public:
  /// Each turn comes up to `turn_max` after the one before.
  Thread(VirtualTime& time, Dice dice, Duration turn_max) : time_(time), dice_(dice), turn_max_(turn_max) {}

  void post(std::function<void()> run) override;
  void after(Duration delay, std::function<void()> run) override;

  void pause() { paused_ = true; }
  void resume();
  /// Drops everything, now and later.
  void kill();
  /// The next turn comes this late.
  void stall(Duration by) { stalled_until_ = time_.now() + by; }

 private:
  void schedule();
  void turn();

  VirtualTime& time_;
  Dice dice_;
  Duration turn_max_;
  std::deque<std::function<void()>> queue_;
  Instant stalled_until_{};
  bool scheduled_ = false;
  bool paused_ = false;
  bool dead_ = false;
};

/// The wall clock of a process: virtual time, and what it is wrong by.
class SkewedClock final : public Clock {
 public:
  SkewedClock(const VirtualTime& time, Duration skew) : time_(time), skew_(skew) {}
  Instant now() const override { return time_.now() + skew_; }
  void set_skew(Duration skew) { skew_ = skew; }

 private:
  const VirtualTime& time_;
  Duration skew_;
};

}  // namespace virtscale::simulation
