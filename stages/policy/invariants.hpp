// What is true of policy's state between two steps.
//
// The one thing to know: running totals equal their rows, and no envelope is exceeded unless its contract shrank;
// calendars and postmortems are whole, and within their bounds.
#pragma once

#include <string>

#include "stages/policy/state.hpp"

namespace virtscale::policy {

/// Empty if the state is sound; otherwise one sentence that names the row. Walks over all rows.
std::string violated_invariant(const State& state);

}  // namespace virtscale::policy
