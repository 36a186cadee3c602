#include "topology/adapters/asio/forward_clock.hpp"

#include <algorithm>

namespace virtscale {

Instant ForwardClock::now() const {
  const std::lock_guard lock(mutex_);
  const auto wall = system_.now();
  const auto steady = steady_.now();
  const bool set_back = wall + set_back_min < last_;
  last_ = set_back ? last_ + (steady - last_steady_) : std::max(last_, wall);
  last_steady_ = steady;
  return last_;
}

void ForwardClock::not_before(Instant earliest) {
  const std::lock_guard lock(mutex_);
  last_ = std::max(last_, earliest);
  last_steady_ = steady_.now();
}

}  // namespace virtscale
