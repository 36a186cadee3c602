// The audit stage alone, on a durable log in a folder of its own: decisions stand in its inbox, and it makes ledgers of
// them, with the files that production keeps beside the log.
//
// The one thing to know: decisions are in the log before the clock runs. What remains is audit's own work: fold,
// append, sign, sync, and the tiles.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "compose/site/ledger_mirror.hpp"
#include "stages/audit/fold.hpp"
#include "topology/adapters/asio/executor.hpp"
#include "topology/host/edge_id.hpp"
#include "topology/host/log_edge.hpp"
#include "topology/host/stage_runner.hpp"
#include "topology/host/temporary_directory.hpp"
#include "topology/ports/metrics.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale::bench {

class AuditAlone {
 public:
  /// Puts `lines` refusals into audit's inbox, over `orgs` in turn, as policy would, and makes them durable.
  AuditAlone(std::uint64_t lines, std::uint32_t orgs);
  ~AuditAlone();

  /// In seconds from the start.
  struct Took {
    double appended = 0;  ///< until durable, signed checkpoints cover every line
    double filed = 0;     ///< until they stand in the ledgers' files, with the tiles that they cover
  };
  /// Folds all of it. Once.
  Took run();

  /// The files of the first org's ledger, whole after `run`.
  std::filesystem::path ledger() const;
  std::vector<VerifierKey> keys() const;
  const Signer& signer() const { return *signer_; }

 private:
  void decide(std::uint64_t lines, std::uint32_t orgs);
  void count(const LogRecord& record);
  bool files_are_whole() const;

  TemporaryDirectory folder_;
  std::uint64_t lines_;
  std::uint32_t orgs_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<ExecutorThread> mirroring_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<Signer> signer_;
  EdgeIds ids_{1};
  std::unique_ptr<ExecutorThread> thread_;
  std::unique_ptr<ExecutorThread> disk_;
  std::unique_ptr<ExecutorThread> watching_;
  std::unique_ptr<Effects> effects_;
  std::unique_ptr<StageRunner<audit::Fold>> runner_;
  std::unique_ptr<LogEdge> edge_;
  std::unique_ptr<LedgerMirror> mirror_;
  std::map<std::string, std::uint64_t, std::less<>> covered_by_org_;  // of the thread `watching_`
  std::atomic<std::uint64_t> covered_ = 0;
};

}  // namespace virtscale::bench
