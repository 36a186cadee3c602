#include "stages/audit/role.hpp"

#include <span>

#include "stages/audit/edges.hpp"
#include "stages/audit/edges/line_metrics.hpp"
#include "stages/audit/effects.hpp"
#include "stages/audit/fold.hpp"

namespace virtscale::audit {
namespace {

class AuditRole final : public RunnerRole<Fold> {
 public:
  AuditRole(RoleParts parts, const Signer& signer, std::filesystem::path ledgers)
      : RunnerRole(parts, make_effects(signer, parts.stage.disk)), ledgers_(std::move(ledgers)) {}

  void start_edges() override {
    const auto partitions = parts_.stage.log.layout().partitions[static_cast<std::size_t>(Fold::inbox)];
    lines_ = std::make_shared<LineMetrics>(parts_.stage.metrics, partitions);
    parts_.edge.watch(Topic::ledger, [lines = lines_](const LogRecord& record) { lines->take(record); });
  }
  // Every audit process sees every line; each counts those of its own partitions.
  void learn() override {
    runner_.read_status([lines = lines_](const std::vector<PartitionStatus>& partitions) {
      std::set<std::uint32_t> owned;
      for (const auto& one : partitions) owned.insert(one.partition);
      if (lines) lines->own(std::move(owned));
    });
  }

  HttpHandler routes() override {
    return make_edges({.read = [this](auto visit) { runner_.read_states(std::move(visit)); },
                       .log = parts_.edge,
                       .authorizer = parts_.authorizer,
                       .ledgers = ledgers_});
  }

 private:
  std::filesystem::path ledgers_;
  std::shared_ptr<LineMetrics> lines_;
};

}  // namespace

std::unique_ptr<Role> make_role(RoleParts parts, const Signer& signer, std::filesystem::path ledgers) {
  return std::make_unique<AuditRole>(std::move(parts), signer, std::move(ledgers));
}

}  // namespace virtscale::audit
