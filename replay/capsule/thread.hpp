// The thread of one scale event: its records, what began it, and the checkpoint that covers its line.
//
// The one thing to know: the states before it are found without looking at what happened meanwhile, so what it costs
// does not depend on how long the decision took.
#pragma once

#include "replay/capsule/cut.hpp"

namespace virtscale::replay {

/// Finds the thread of a scale event. Throws LogError, IndexError, and NotFound if the log does not know it.
Subject find_thread(Log& log, StateIndex& index, ScaleId scale, const Watch& watch);

/// The records of the thread, and the state of each partition before the first of them on it; where it has none, before
/// the thread began. Throws as fold_to does.
Cut take_thread(Log& log, StateIndex& index, const Subject& subject);

}  // namespace virtscale::replay
