// What is true of audit's state after each fold.
#pragma once

#include <string>

#include "stages/audit/state.hpp"

namespace virtscale::audit {

/// Empty if the state is sound; otherwise one sentence that names the row. Walks over the whole state.
std::string violated_invariant(const State& state);

}  // namespace virtscale::audit
