#include "tests/simulation/engine/virtual_time.hpp"

#include <algorithm>
#include <utility>

namespace virtscale::simulation {

void VirtualTime::at(Instant when, std::function<void()> run) {
  due_.push({std::max(when, now_), said_++, std::move(run)});
}

bool VirtualTime::run_next(Instant until) {
  if (due_.empty() || due_.top().when > until) {
    now_ = std::max(now_, until);
    return false;
  }
  // A priority queue shows its top as const; it is taken out before anything else looks at it.
  const auto run = std::move(const_cast<Due&>(due_.top()).run);
  now_ = due_.top().when;
  due_.pop();
  ++steps_;
  run();
  return true;
}

}  // namespace virtscale::simulation
