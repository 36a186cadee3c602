// The executor and the clock of a process: one thread of Boost.Asio, and the system's clock.
#pragma once

#include <memory>

#include "topology/ports/clock.hpp"

namespace virtscale {

/// An Executor whose thread can be ended. What a function throws ends the process: nobody could answer for it.
class ExecutorThread : public Executor {
 public:
  /// Lets the function that runs now return, runs no other, and waits for the thread. What is posted later is dropped.
  /// From a function that it runs itself: does not wait. Idempotent; the destructor does it as well.
  virtual void stop() = 0;
};

/// Starts a thread. REQUIRES: destroyed by another thread than its own.
std::unique_ptr<ExecutorThread> make_executor();

/// The system's clock: microseconds UTC.
std::unique_ptr<Clock> make_system_clock();

/// A clock that never jumps: microseconds since the machine started.
std::unique_ptr<Clock> make_steady_clock();

}  // namespace virtscale
