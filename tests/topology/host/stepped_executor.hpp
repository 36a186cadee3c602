// An executor that runs when a test says so, by a test's clock.
#pragma once

#include <deque>
#include <map>

#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/ports/clock.hpp"

namespace virtscale::test {

class SteppedExecutor final : public Executor {
 public:
  explicit SteppedExecutor(ManualClock& clock) : clock_(clock) {}

  void post(std::function<void()> run) override { ready_.push_back(std::move(run)); }
  void after(Duration delay, std::function<void()> run) override {
    later_.emplace(clock_.now() + delay, std::move(run));
  }

  /// Runs everything that can run now, and what that makes.
  void run() {
    while (!ready_.empty()) {
      const auto next = std::move(ready_.front());
      ready_.pop_front();
      next();
    }
  }

  /// Lets time pass, and runs what is due.
  void pass(Duration time) {
    clock_.advance(time);
    const auto due = later_.upper_bound(clock_.now());
    for (auto it = later_.begin(); it != due; ++it) ready_.push_back(std::move(it->second));
    later_.erase(later_.begin(), due);
    run();
  }

 private:
  ManualClock& clock_;
  std::deque<std::function<void()>> ready_;
  std::multimap<Instant, std::function<void()>> later_;
};

}  // namespace virtscale::test
