#include "stages/orchestration/fold.hpp"
#include "stages/orchestration/step.hpp"
#include "topology/contract/lent.hpp"

namespace virtscale::orchestration {
namespace {

void describe(schema::PlacedDomainT& row, const schema::ServiceSpec& spec) {
  row.cell = text(spec.cell());
  row.resources = *spec.domain();
  row.domain_template = text(spec.domain_template());
  if (spec.command() != nullptr) {
    for (const auto* word : *spec.command()) row.command.emplace_back(text(word));
  }
  if (spec.health() != nullptr) {
    row.health = std::make_unique<schema::HealthT>();
    spec.health()->UnPackTo(row.health.get());
  }
  row.vip = text(spec.vip());
  row.haproxy_backend = text(spec.haproxy_backend());
}

void tell_running(Step& step, const Domain& domain) {
  schema::DomainRunningT running;
  running.domain = domain.name;
  running.service = domain.row.service;
  emit_for(step, domain, Topic::signals, domain.birth(), running);
}

void tell_not_started(Step& step, const Domain& domain, const std::string& reason) {
  schema::DomainNotStartedT not_started;
  not_started.domain = domain.name;
  not_started.service = domain.row.service;
  not_started.reason = reason;
  emit_for(step, domain, Topic::signals, domain.birth(), not_started);
}

void tell_started(Step& step, const Domain& domain) {
  schema::DomainStartedT started;
  started.domain = domain.name;
  started.service = domain.row.service;
  started.cell = domain.row.cell;
  started.address = domain.row.address;
  started.port = domain.row.port;
  const Lent lent(domain.row.health, started.health);
  started.vip = domain.row.vip;
  started.haproxy_backend = domain.row.haproxy_backend;
  emit_for(step, domain, Topic::placements, domain.birth(), started);
}

void tell_removed(Step& step, const Domain& domain, ScaleId scale) {
  schema::DomainRemovedT removed;
  removed.domain = domain.name;
  removed.service = domain.row.service;
  removed.removed_at_us = step.in.now.us;
  emit_for(step, domain, Topic::outcomes, scale, removed);
}

std::string start_failure(const schema::PlacedDomainT& row, const std::string& reason) {
  std::string nodes;
  for (const auto& node : row.failed_nodes) nodes += (nodes.empty() ? "" : ", ") + node;
  return "could not be started on " + nodes + ": " + reason;
}

bool is_last_try(const Step& step, const schema::PlacedDomainT& row) {
  return row.placements >= placements_max || !step.state.slots(row.cell).has_untried(row.failed_nodes);
}

// Whoever could not start it may only not have heard that it runs: it ends like one that ran, when it is stopped.
void give_up(Step& step, const Domain& domain, std::string reason) {
  domain.row.failure = std::move(reason);
  stop(step, domain);
}

}  // namespace

void bear(Step& step, const schema::ScaleAdmitted& event) {
  if (event.names() == nullptr) return;
  for (const auto* name : *event.names()) {
    auto* row = step.state.domains.add(text(name));
    if (row == nullptr) continue;
    const Domain domain{text(name), *row};
    domain.row.org = step.in.org;
    domain.row.service = text(event.service());
    domain.row.birth_scale = step.in.scale.value;
    domain.row.seq = ++step.state.counters.modify("births").last;
    describe(domain.row, *event.spec());
    step.state.by_service.modify(service_key(domain.row)).domain = domain.name;
    if (!try_place(step, domain)) wait_for_room(step, domain);
  }
}

void on_domain_spawned(Step& step, const schema::DomainSpawned& event) {
  auto* row = step.state.domains.find_to_modify(text(event.domain()));
  if (row == nullptr || row->phase != schema::PlacementPhase::starting) return;
  const Domain domain{text(event.domain()), *row};
  row->address = text(event.address());
  row->port = event.port();
  if (domain.leave()) return stop(step, domain);
  row->phase = schema::PlacementPhase::running;
  row->ran = true;
  tell_running(step, domain);
  tell_started(step, domain);
}

void on_spawn_failed(Step& step, const schema::SpawnFailed& event) {
  auto* row = step.state.domains.find_to_modify(text(event.domain()));
  if (row == nullptr || row->phase != schema::PlacementPhase::starting) return;
  const Domain domain{text(event.domain()), *row};
  row->failed_nodes.push_back(row->node);
  if (domain.leave()) return stop(step, domain);
  if (is_last_try(step, *row)) return give_up(step, domain, start_failure(*row, reason_of(event.reason())));
  give_back(step, domain);
  if (!try_place(step, domain)) wait_for_room(step, domain);
}

void on_queue_timeout(Step& step, std::string_view name) {
  auto* row = step.state.domains.find_to_modify(name);
  if (row == nullptr || row->phase != schema::PlacementPhase::queued) return;
  const Domain domain{name, *row};
  unqueue(step, domain);
  const bool known = step.state.cells.find(row->cell) != nullptr;
  const auto what = known ? "no capacity in cell " + row->cell : "cell " + row->cell + " was never applied";
  row->failure = what + " within " + std::to_string(queue_wait_max.us / seconds(1).us) + " s";
  was_tried(*row) ? stop(step, domain) : fail_birth(step, domain);
}

void fail_birth(Step& step, const Domain& domain) {
  tell_not_started(step, domain, domain.row.failure);
  schema::DomainFailedT failed;
  failed.domain = domain.name;
  failed.service = domain.row.service;
  failed.reason = domain.row.failure;
  failed.failed_at_us = step.in.now.us;
  emit_for(step, domain, Topic::outcomes, domain.birth(), failed);
  forget(step, domain);
}

void drop_unborn(Step& step, const Domain& domain) {
  tell_not_started(step, domain, "taken back by " + to_string(domain.leave()) + " before it ran");
  // Policy gives the reservation back with the first, and counts one fewer that leaves with the second.
  schema::DomainStoppedT stopped;
  stopped.service = domain.row.service;
  emit_for(step, domain, Topic::signals, domain.leave(), stopped);
  tell_removed(step, domain, domain.birth());
  tell_removed(step, domain, domain.leave());
  forget(step, domain);
}

}  // namespace virtscale::orchestration
