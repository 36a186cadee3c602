// Calls: how a process reaches the world and hears of it, and what goes wrong on the way.
//
// The one thing to know: what a call has begun in the world happens, whatever becomes of the process that made it. Only
// the answer dies with it.
#pragma once

#include <functional>

#include "tests/simulation/engine/faults.hpp"
#include "tests/simulation/engine/virtual_time.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::simulation {

/// How something ended: null for success.
using Ended = std::function<void(const Failure*)>;

class Calls {
 public:
  /// Answers that are late come at most this late; a driver that says that it failed does so within as long.
  static constexpr Duration late_max = seconds(60);

  Calls(VirtualTime& time, Faults& faults, std::uint64_t seed) : time_(time), faults_(faults), pace_(seed, "calls") {}

  /// Does `act` in the world after the way there, and answers through the caller's `executor` after the way back.
  /// `act` calls its argument once, at once or later. Faults: it never gets there and fails; it is done and said to
  /// have failed; the answer comes late.
  void make(Executor& executor, std::function<void(Ended)> act, Ended answer);

 private:
  void back(Executor& executor, const Failure* failure, const Ended& answer);
  void say(Executor& executor, Duration after, const Failure* failure, const Ended& answer);

  VirtualTime& time_;
  Faults& faults_;
  Dice pace_;
};

}  // namespace virtscale::simulation
