// `virtscale-<stage> fold`: this program's fold of a stage, at the service of another program
// (topology/host/fold_wire.hpp). `virtscale-replay what-if --policy-binary` asks it what it would have decided.
//
// The one thing to know: it opens nothing. It reads its standard input, writes its standard output, and ends with its
// input.
#pragma once

#include <cstdint>

#include "topology/contract/event.hpp"

namespace virtscale {

/// Folds by the newest rules that this program has, until the input ends; the exit status: 0, or 1 after a line on
/// stderr that says what came.
int serve_fold(Source stage);

/// The newest epoch of the stage that this program has.
std::uint32_t newest_epoch(Source stage);

}  // namespace virtscale
