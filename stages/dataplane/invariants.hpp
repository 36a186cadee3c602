// What is true of the dataplane's state after each fold.
#pragma once

#include <string>

#include "stages/dataplane/state.hpp"

namespace virtscale::dataplane {

/// Empty if every row is sound; otherwise one sentence that names the row and what is wrong with it.
std::string violated_invariant(const State& state);

}  // namespace virtscale::dataplane
