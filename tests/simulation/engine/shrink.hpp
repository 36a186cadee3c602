// Shrinking: from a plan that fails to a smaller one that fails in the same way.
#pragma once

#include <functional>
#include <string>

#include "tests/simulation/engine/run.hpp"

namespace virtscale::simulation {

struct Shrunk {
  Plan plan;
  Report report;  ///< of `plan`, with its story
  std::uint32_t runs = 0;
};

/// Runs that a shrinking may take; each is as long as a seed.
inline constexpr std::uint32_t shrinking_runs_max = 150;

/// Takes away kinds of faults, then single faults, then actions of the workload, as long as the same check fails.
/// REQUIRES: `plan` fails.
Shrunk shrink(const Plan& plan);

/// The command that repeats a run of this plan.
std::string command_for(const Plan& plan);
/// Reads what `command_for` wrote after `--only`; false if it is not of that form.
bool parse_only(std::string_view text, Plan& plan);

}  // namespace virtscale::simulation
