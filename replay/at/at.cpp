#include "replay/at/at.hpp"

#include <map>

#include "replay/history.hpp"
#include "replay/index/state_index.hpp"
#include "replay/text.hpp"
#include "stages/audit/fold.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/fold.hpp"

namespace virtscale::replay {
namespace {

class Folding final : public Onlooker {
 public:
  void after(const LogRecord& record, Refold*, Step& step) override {
    if (step.fate == Fate::halted)
      throw std::runtime_error(place(record.from, record.offset) + " cannot be folded: " + step.incident);
  }
};

Amounts amounts_of(const schema::Resources& resources) {
  return {resources.vcpu_milli(), resources.ram_mib(), resources.disk_gib()};
}

std::string_view before_slash(std::string_view key) {
  return key.substr(0, key.find('/'));
}

// Looks at the tables of one partition after another.
class Looking {
 public:
  Looking(const AtOptions& options, StateAt& found) : options_(options), found_(found) {}

  void look(const Refold& refold) {
    if (const auto* policy = dynamic_cast<const RefoldOf<policy::Fold>*>(&refold)) look(policy->state());
    if (const auto* cells = dynamic_cast<const RefoldOf<orchestration::Fold>*>(&refold)) look(cells->state());
    if (const auto* audit = dynamic_cast<const RefoldOf<audit::Fold>*>(&refold)) look(audit->state());
  }

 private:
  bool asks_all() const { return options_.org.empty() && options_.service.empty() && options_.cell.empty(); }
  bool asks_org(std::string_view org) const {
    return asks_all() || options_.org == org || before_slash(options_.service) == org;
  }
  bool asks_service(std::string_view service, std::string_view cell) const {
    return asks_all() || options_.service == service || options_.cell == cell || options_.org == before_slash(service);
  }

  void look(const policy::State& state) {
    state.contracts.each("", [&](std::string_view org, const schema::OrgContractT& contract) {
      if (!asks_org(org)) return true;
      ContractAt at{.org = std::string(org),
                    .version = contract.terms->version,
                    .quota = amounts_of(contract.terms->quota),
                    .overage_percent = contract.terms->overage_percent,
                    .committed = {},
                    .reserved = {}};
      if (const auto* usage = state.usage.find(org)) {
        at.committed = amounts_of(usage->committed);
        at.reserved = amounts_of(usage->reserved);
      }
      found_.contracts.push_back(std::move(at));
      return true;
    });
    state.services.each("", [&](std::string_view service, const policy::ServiceBook& book) {
      const std::string cell(book.spec.cell());
      const auto limits = book.spec.limits();
      if (asks_service(service, cell))
        found_.services.push_back({std::string(service), cell, limits.replicas_min, limits.replicas_max, book.committed,
                                   book.reserved, book.leaving});
      return true;
    });
  }

  void look(const orchestration::State& state) {
    state.domains.each("", [&](std::string_view name, const schema::PlacedDomainT& domain) {
      const auto service = orchestration::service_of(domain).str();
      if (!asks_service(service, domain.cell)) return true;
      found_.domains.push_back(
          {std::string(name), service, schema::EnumNamePlacementPhase(domain.phase), domain.cell, domain.zone,
           domain.node, domain.numa,
           domain.address.empty() ? std::string() : domain.address + ":" + std::to_string(domain.port)});
      return true;
    });
    state.nodes.each("", [&](std::string_view key, const schema::CellNodeT& node) {
      const auto cell = before_slash(key);
      if (!asks_all() && options_.cell != cell) return true;
      for (std::uint32_t n = 0; n < node.numa.size(); ++n) {
        const auto& room = node.numa[n];
        found_.cells.push_back({std::string(cell), node.zone, std::string(key.substr(cell.size() + 1)), n,
                                room.vcpu_milli(), room.used_vcpu_milli(), room.ram_mib(), room.used_ram_mib()});
      }
      return true;
    });
  }

  void look(const audit::State& state) {
    std::map<std::string, std::uint64_t, std::less<>> open;
    state.scales.each("", [&](std::string_view key, const schema::AuditScaleT& scale) {
      if (scale.line < 0) ++open[std::string(before_slash(key))];
      return true;
    });
    state.ledgers.each("", [&](std::string_view org, const schema::OrgLedgerT& ledger) {
      if (asks_org(org))
        found_.ledgers.push_back({std::string(org), ledger.size, ledger.signed_size, open[std::string(org)]});
      return true;
    });
  }

  const AtOptions& options_;
  StateAt& found_;
};

}  // namespace

StateAt state_at(const LogSource& source, const AtOptions& options) {
  // What is asked for is what these three remember.
  constexpr std::array stages = {Source::policy, Source::orchestration, Source::audit};
  std::vector<Topic> inboxes;
  for (const auto stage : stages) inboxes.push_back(graph::node_of(stage).inbox);
  History history(*source.log, inboxes);
  const Instant behind{options.at.us + 1};
  history.stop_at(behind);
  StateIndex index(source);
  std::vector<std::unique_ptr<Refold>> refolds;
  for (const auto stage : stages) {
    for (auto& refold : make_refolds(stage, source.log->layout())) {
      index.load(*refold, source.log->offset_at(refold->inbox(), behind));
      history.fold(*refold);
      refolds.push_back(std::move(refold));
    }
  }
  Folding folding;
  while (history.run_turn(folding)) {
    if (options.progress) options.progress(history.records(), history.records_expected());
  }
  StateAt found{
      .records = history.records(), .contracts = {}, .services = {}, .domains = {}, .cells = {}, .ledgers = {}};
  Looking looking(options, found);
  for (const auto& refold : refolds) looking.look(*refold);
  return found;
}

}  // namespace virtscale::replay
