// What is true of signal's state after every fold.
#pragma once

#include <string>

#include "stages/signal/state.hpp"

namespace virtscale::signal {

/// Empty if the state is sound; otherwise one sentence that names the row. Walks the whole state.
///
/// - An alert with a timer fires; one that fires and has a rule has a timer.
/// - The count of an org's alerts is the number of its rows, and within its bound.
/// - A schedule's row belongs to a rule that its service has.
std::string violated_invariant(const State& state);

}  // namespace virtscale::signal
