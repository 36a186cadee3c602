#include "tests/simulation/world/calls.hpp"

#include <optional>
#include <utility>

namespace virtscale::simulation {

void Calls::make(Executor& executor, std::function<void(Ended)> act, Ended answer) {
  if (auto dice = faults_.strikes(Fault::driver_error)) {
    const Failure failure{"the driver failed before it did anything", !dice->one_in(8)};
    return say(executor, dice->between(milliseconds(5), seconds(10)), &failure, answer);
  }
  const auto way = pace_.between(milliseconds(1), milliseconds(20));
  time_.after(way, [this, &executor, act = std::move(act), answer = std::move(answer)] {
    act([this, &executor, answer](const Failure* failure) { back(executor, failure, answer); });
  });
}

void Calls::back(Executor& executor, const Failure* failure, const Ended& answer) {
  if (auto dice = failure == nullptr ? faults_.strikes(Fault::error_after_doing) : std::nullopt) {
    const Failure lost{"the driver did not hear whether it was done", !dice->one_in(8)};
    return say(executor, dice->between(milliseconds(5), late_max), &lost, answer);
  }
  auto way = pace_.between(milliseconds(1), milliseconds(20));
  if (auto dice = faults_.strikes(Fault::answer_late)) way = dice->between(seconds(1), late_max);
  say(executor, way, failure, answer);
}

void Calls::say(Executor& executor, Duration after, const Failure* failure, const Ended& answer) {
  const auto copy = failure == nullptr ? std::nullopt : std::optional(*failure);
  time_.after(after, [&executor, copy, answer] { executor.post([copy, answer] { answer(copy ? &*copy : nullptr); }); });
}

}  // namespace virtscale::simulation
