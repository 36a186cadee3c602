// `virtscale-<stage>`: the program around one stage, the same for all five.
#pragma once

#include "topology/contract/event.hpp"

namespace virtscale {

/// Reads the command line, runs the stage until SIGTERM or SIGINT, and returns the exit status: 0 done, 1 failed,
/// 2 wrong usage or settings. When the log fails for good, as a producer may, the partitions are started again from
/// their own state, in this process. With the one word `fold` it is at another program's service instead
/// (fold_service.hpp).
int run_stage(Source stage, int argc, char** argv);

}  // namespace virtscale
