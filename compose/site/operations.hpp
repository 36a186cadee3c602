// What operators ask a running Virtscale, beside the stages' own routes: health, metrics, how far each stage is, and
// the dead letters.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "topology/host/edge_id.hpp"
#include "topology/host/stage_runner.hpp"
#include "topology/ports/authorizer.hpp"
#include "topology/ports/http.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// Dead letters in one answer, the newest.
inline constexpr std::size_t deadletters_listed_max = 1'000;

/// What the operations work with. All outlive the handler.
struct OperationsPorts {
  Log& log;
  const Metrics& metrics;
  const Authorizer& authorizer;
  EdgeIds& ids;
  /// Calls `tell` once with the partitions of all stages, on any thread.
  std::function<void(std::function<void(std::vector<PartitionStatus>)> tell)> read_status;
  /// What the process still waits for before it owns anything; empty: nothing. May be no function at all.
  std::function<std::string()> waiting_for{};
};

/// `GET /healthz` (the process runs), `/readyz` (every partition has folded its history and none has stopped; else 503
/// with the progress), `/metrics`; for operators `GET /v1/stages`, `POST /v1/stages/STAGE/epochs` (epochs.hpp),
/// `GET /v1/deadletters[/POSITION]` and `POST /v1/deadletters/POSITION/resubmit`. Every other path goes to `next`.
HttpHandler make_operations_handler(OperationsPorts ports, HttpHandler next);

}  // namespace virtscale
