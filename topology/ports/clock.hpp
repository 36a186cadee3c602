// The clock and the executor: the two ways in which time and concurrency enter a shell. Folds have neither.
#pragma once

#include <functional>

#include "topology/contract/units.hpp"

namespace virtscale {

/// The wall clock, UTC. It may jump; whoever needs order uses the log.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};

/// Runs functions one after another on one thread: the thread of one stage. `post` and `after` may be called from any
/// thread.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(std::function<void()> run) = 0;
  /// Runs `run` after at least `delay`, by a clock that never jumps.
  virtual void after(Duration delay, std::function<void()> run) = 0;
};

}  // namespace virtscale
