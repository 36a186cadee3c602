// One run: everything that follows from a plan, from the first record to the last check.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/engine/plan.hpp"
#include "tests/simulation/engine/story.hpp"

namespace virtscale::simulation {

/// All must be settled this long after the last fault: the longest chains of pauses between attempts (a drain that is
/// asked ten times) take 11 minutes.
inline constexpr Duration settle_max = hours(1);
/// A run that takes more steps goes round in circles.
inline constexpr std::uint64_t steps_max = 20'000'000;

/// What a run was like.
struct Report {
  std::vector<Violation> violations;  ///< none: it held
  std::string vacuous;                ///< why it did too little to say anything; empty if it did enough
  Shape shape{};
  std::uint64_t steps = 0;    ///< of virtual time
  std::uint64_t records = 0;  ///< that became durable
  std::uint64_t digest = 0;   ///< of all their bytes
  std::uint32_t actions = 0;  ///< of the workload
  Duration simulated;         ///< from begin to settled
  Duration settled_in;        ///< since the last fault
  std::array<std::uint32_t, faults_count> faults{};
  std::vector<std::string> story;  ///< if somebody reads it

  bool failed() const { return !violations.empty() || !vacuous.empty(); }
};

Report run(const Plan& plan, Story::Reader reader);

}  // namespace virtscale::simulation
