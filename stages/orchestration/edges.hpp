// What reaches orchestration's inbox from outside on its own: orphans. And what operators see of cells and domains.
//
// The one thing to know: the sweep only reports. The fold decides, in the order of the log, whether a domain is an
// orphan; so a sweep that looks at an old state kills nothing.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stages/orchestration/state.hpp"
#include "topology/host/stage_runner.hpp"
#include "topology/ports/authorizer.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/edge.hpp"
#include "topology/ports/effects.hpp"
#include "topology/ports/http.hpp"

namespace virtscale::orchestration {

/// `StageRunner::read_state`: calls `look` with the state of each partition in turn, on one thread, then drops it.
using ReadState = std::function<void(std::function<void(const State&)> look)>;
/// `StageRunner::read_status`: calls `tell` once, with the partitions in the order of the looks. What is asked of both
/// is answered in the order of the asking, on the same thread.
using ReadStatus = std::function<void(std::function<void(std::vector<PartitionStatus>)> tell)>;

/// All outlive the sweep.
struct SweepPorts {
  Domains& domains;
  EdgeLog& log;
  Executor& executor;  ///< where the sweep works and `Domains::running` may block: not the stage's thread
  ReadState read_state;
  ReadStatus read_status;
};

struct SweepSettings {
  Duration every = seconds(10);
};

/// Compares, at once and then each `every`, what runs in the cells of this process's partitions with what these
/// partitions own, until the last reference is dropped; and appends OrphansFound, keyed by the cell, for those that
/// were nobody's twice in a row. A partition that still folds its history, or has stopped, is left out; a round during
/// which a partition comes or goes compares nothing. The cells of other processes are theirs to sweep.
std::shared_ptr<void> start_orphan_sweep(SweepPorts ports, SweepSettings settings);

/// Rows of each kind in one answer; a larger cell is cut off, and `truncated` says so.
inline constexpr std::size_t status_rows_max = 5'000;

/// `GET /v1/domains[?cell=]`, for operators: {"cells", "nodes", "domains", "truncated"}. `authorizer` outlives it.
HttpHandler make_domains_handler(ReadState read_state, const Authorizer& authorizer);

}  // namespace virtscale::orchestration
