// Faults: whether something goes wrong, asked wherever something can.
//
// The one thing to know: each kind draws from a stream of its own, and what a fault is like (`Dice`) from a stream of
// its own again. So a kind that is switched off, or cut after its first few, shifts no other.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "tests/simulation/engine/dice.hpp"
#include "tests/simulation/engine/plan.hpp"
#include "tests/simulation/engine/story.hpp"

namespace virtscale::simulation {

class Faults {
 public:
  /// Half of the kinds happen in a run, at rates drawn from its seed.
  Faults(const Plan& plan, Story& story);

  /// Whether a fault of this kind happens here and now; the dice say what it is like.
  std::optional<Dice> strikes(Fault kind);
  /// From now on no fault happens.
  void quiet() { quiet_ = true; }
  bool are_quiet() const { return quiet_; }

  /// How many have happened, by kind.
  const std::array<std::uint32_t, faults_count>& counts() const { return counts_; }

 private:
  struct Stream {
    Dice dice;
    std::uint32_t permille;
    std::uint32_t struck = 0;
  };

  const Plan& plan_;
  Story& story_;
  std::array<std::optional<Stream>, faults_count> streams_;  // by kind; made at the start
  std::array<std::uint32_t, faults_count> counts_{};
  bool quiet_ = false;
};

}  // namespace virtscale::simulation
