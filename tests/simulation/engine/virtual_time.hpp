// Virtual time: what is to happen, in the order of instants; time jumps from one to the next.
//
// The one thing to know: there is one thread. Of two things at one instant, the one that was said first happens first.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "topology/contract/units.hpp"

namespace virtscale::simulation {

class VirtualTime {
 public:
  explicit VirtualTime(Instant start) : now_(start) {}

  /// Never jumps back. The clocks of processes differ from it.
  Instant now() const { return now_; }
  /// Runs `run` once at `when`, or now if that has passed; never from within this call.
  void at(Instant when, std::function<void()> run);
  void after(Duration delay, std::function<void()> run) { at(now_ + delay, std::move(run)); }
  /// Goes on to the next thing and does it. False if there is none up to `until`; time is then `until`.
  bool run_next(Instant until);
  /// Things done so far.
  std::uint64_t steps() const { return steps_; }

 private:
  struct Due {
    Instant when;
    std::uint64_t number;
    std::function<void()> run;
  };
  struct Later {
    bool operator()(const Due& a, const Due& b) const {
      return a.when != b.when ? a.when > b.when : a.number > b.number;
    }
  };

  Instant now_;
  std::uint64_t said_ = 0;
  std::uint64_t steps_ = 0;
  std::priority_queue<Due, std::vector<Due>, Later> due_;
};

}  // namespace virtscale::simulation
