// All five stages in one process, each on a thread of its own, over one log; without edges, with instant drivers.
//
// The one thing to know: they share nothing but the log. What runs here as five threads runs elsewhere as five
// processes, with the same code.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stages/audit/fold.hpp"
#include "stages/dataplane/fold.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/fold.hpp"
#include "stages/signal/fold.hpp"
#include "topology/adapters/asio/executor.hpp"
#include "topology/host/stage_runner.hpp"
#include "topology/ports/effects.hpp"
#include "topology/ports/log.hpp"
#include "topology/ports/metrics.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale {

/// The outside world of all stages, as the settings chose it.
struct Drivers {
  Domains& domains;
  Probe& probe;
  LoadBalancer& balancer;
  Mail& mail;
  const Signer& signer;
};

/// What the stages work with. All outlive them.
struct AllStagesPorts {
  std::function<Log&(Source)> log;
  std::function<std::unique_ptr<Store>(std::string_view stage, std::uint32_t partition)> open_store;
  const Clock& clock;
  Metrics& metrics;
  EdgeIds& ids;
  Drivers drivers;
  std::function<void(const std::string&)> on_incident;  ///< a partition has stopped; called on the stage's thread
};

class AllStages {
 public:
  /// Opens the stores. Throws StoreError.
  AllStages(AllStagesPorts ports, Pace pace);
  /// Ends the threads; what was not drained is folded again at the next start.
  ~AllStages();

  /// Loads every state and begins to fold. Throws StoreError and LogError.
  void start();
  /// Folds no more, and writes every state; returns when that is done.
  void drain();
  /// Calls `tell` once with the partitions of all stages, in the order of the pipeline, on a thread of a stage.
  void read_status(std::function<void(std::vector<PartitionStatus>)> tell);

  StageRunner<signal::Fold>& signal() { return *signal_; }
  StageRunner<policy::Fold>& policy() { return *policy_; }
  StageRunner<orchestration::Fold>& orchestration() { return *orchestration_; }
  StageRunner<dataplane::Fold>& dataplane() { return *dataplane_; }
  StageRunner<audit::Fold>& audit() { return *audit_; }

 private:
  StagePorts ports_of(std::size_t stage, Effects* effects) const;

  AllStagesPorts ports_;
  std::vector<std::unique_ptr<ExecutorThread>> threads_;  // one for each stage, in the order of Source
  std::unique_ptr<ExecutorThread> disk_;
  std::vector<std::unique_ptr<Effects>> effects_;
  std::unique_ptr<StageRunner<signal::Fold>> signal_;
  std::unique_ptr<StageRunner<policy::Fold>> policy_;
  std::unique_ptr<StageRunner<orchestration::Fold>> orchestration_;
  std::unique_ptr<StageRunner<dataplane::Fold>> dataplane_;
  std::unique_ptr<StageRunner<audit::Fold>> audit_;
};

}  // namespace virtscale
