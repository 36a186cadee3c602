#include "topology/host/attempts.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace virtscale {
namespace {

struct Trial : std::enable_shared_from_this<Trial> {
  Executor& executor;
  RetryBudget budget;
  Attempt attempt;
  Attempted done;
  std::uint32_t attempts = 0;
  Duration pause;
  Duration paused;  // counted instead of read from a clock, which may jump

  Trial(Executor& on, RetryBudget within, Attempt what, Attempted then)
      : executor(on), budget(within), attempt(std::move(what)), done(std::move(then)), pause(within.first_pause) {}

  void run() {
    ++attempts;
    attempt([self = shared_from_this()](const Failure* failure) {
      std::optional<Failure> copy;
      if (failure != nullptr) copy = *failure;
      self->executor.post([self, copy = std::move(copy)] { self->ended(copy ? &*copy : nullptr); });
    });
  }

  void ended(const Failure* failure) {
    const bool again =
        failure != nullptr && failure->temporary && attempts < budget.attempts_max && paused + pause <= budget.deadline;
    if (!again) return done(attempts, failure);
    const auto wait = pause;
    paused = paused + wait;
    pause = std::min(pause * 2, budget.pause_max);
    executor.after(wait, [self = shared_from_this()] { self->run(); });
  }
};

}  // namespace

void try_repeatedly(Executor& executor, RetryBudget budget, Attempt attempt, Attempted done) {
  std::make_shared<Trial>(executor, budget, std::move(attempt), std::move(done))->run();
}

}  // namespace virtscale
