// Attempts: how often and how long an effect is tried before its failure is the answer.
#pragma once

#include <cstdint>
#include <functional>

#include "topology/ports/clock.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale {

/// Pauses double from `first_pause` to `pause_max`. After `attempts_max` attempts, or once `deadline` has passed since
/// the first (pauses counted), the last failure stands.
struct RetryBudget {
  std::uint32_t attempts_max = 5;
  Duration first_pause = milliseconds(100);
  Duration pause_max = seconds(5);
  Duration deadline = seconds(30);
};

/// One attempt; it calls back once, from any thread, with null for success.
using Attempt = std::function<void(std::function<void(const Failure*)>)>;
/// The end: `failure` is null if the last of the `attempts` succeeded.
using Attempted = std::function<void(std::uint32_t attempts, const Failure* failure)>;

/// Tries until success, a failure that is not temporary, or the end of the budget. Everything runs on `executor`.
void try_repeatedly(Executor& executor, RetryBudget budget, Attempt attempt, Attempted done);

}  // namespace virtscale
