// What is true of orchestration's state after each fold.
#pragma once

#include <string>

#include "stages/orchestration/state.hpp"

namespace virtscale::orchestration {

/// Empty if the state is sound, or a sentence that names the row that is not: no NUMA node is over its capacity (unless
/// its document shrank), what is used is the sum over the domains, the queue, the services' lists and the index of
/// loads say the same as the domains. Costs a walk over the state.
std::string violated_invariant(const State& state);

}  // namespace virtscale::orchestration
