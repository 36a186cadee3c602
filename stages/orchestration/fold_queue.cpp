#include "schemas/candidates.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/orchestration/step.hpp"
#include "topology/contract/arena_text.hpp"
#include "topology/contract/lent.hpp"

namespace virtscale::orchestration {
namespace {

Need need_of(const schema::PlacedDomainT& row) {
  return {row.resources.vcpu_milli(), row.resources.ram_mib(), &row.failed_nodes};
}

std::string_view queue_timer(Step& step, const Domain& domain) {
  return step.out.arena().joined({"queue/", domain.name});
}

schema::Candidate told(const Candidate& candidate, ArenaText& names) {
  const auto& slot = *candidate.slot;
  const auto& room = *slot.room;
  const schema::Candidate numbers(room.vcpu_milli() - room.used_vcpu_milli(), room.ram_mib() - room.used_ram_mib(),
                                  slot.numa, 0, 0, candidate.passed_over);
  return schema::named_candidate(names, slot.zone(), slot.node, numbers);
}

void tell_placed(Step& step, const Domain& domain, const Candidates& candidates) {
  schema::DomainPlacedT placed;
  placed.domain = domain.name;
  placed.service = domain.row.service;
  placed.cell = domain.row.cell;
  placed.zone = domain.row.zone;
  placed.node = domain.row.node;
  placed.numa = domain.row.numa;
  placed.placed_at_us = step.in.now.us;
  ArenaText names(step.out.arena());
  placed.candidates.reserve(candidates.size());
  for (const auto& candidate : candidates) placed.candidates.push_back(told(candidate, names));
  placed.candidate_names = names.view();
  placed.candidates_total = static_cast<std::uint32_t>(step.state.slots(domain.row.cell).size());
  emit_for(step, domain, Topic::outcomes, domain.birth(), placed);
}

void ask_start(Step& step, const Domain& domain) {
  schema::StartDomainT start;
  start.domain = domain.name;
  start.service = domain.row.service;
  start.cell = domain.row.cell;
  start.zone = domain.row.zone;
  start.node = domain.row.node;
  start.numa = domain.row.numa;
  start.resources = domain.row.resources;
  start.domain_template = domain.row.domain_template;
  const Lent lent(domain.row.command, start.command);
  ask_for(step, domain, domain.birth(), start);
}

// Walks those who wait in the cell, the oldest first. `serve(name, row)` returns false to end the walk.
template <class Serve>
void each_waiting(Step& step, std::string_view cell, Serve serve) {
  const auto prefix = std::string(cell) + "/";
  auto from = prefix;
  for (;;) {
    const auto [key, waiting] = step.state.queue.at_or_after(from);
    if (waiting == nullptr || !key.starts_with(prefix)) return;
    from.assign(key) += '\0';
    const auto name = waiting->domain;
    if (!serve(name, *step.state.domains.find(name))) return;
  }
}

void place_waiting(Step& step, const std::string& name) {
  const Domain domain{name, step.state.domains.modify(name)};
  if (try_place(step, domain)) unqueue(step, domain);
}

// Who waits has fitted nowhere else, so one NUMA node that was freed is all that has to be looked at.
void serve_from(Step& step, std::string_view cell, const Slot& freed) {
  std::size_t misses = 0;
  each_waiting(step, cell, [&](const std::string& name, const schema::PlacedDomainT& row) {
    if (!can_take(freed, need_of(row))) return ++misses < queue_misses_max;
    place_waiting(step, name);
    return true;
  });
}

}  // namespace

void wait_for_room(Step& step, const Domain& domain) {
  domain.row.phase = schema::PlacementPhase::queued;
  domain.row.zone.clear();
  domain.row.node.clear();
  domain.row.numa = 0;
  step.state.queue.modify(queue_key(domain.row)).domain = domain.name;
  step.out.wake(queue_timer(step, domain), step.in.now + queue_wait_max);
}

void unqueue(Step& step, const Domain& domain) {
  step.state.queue.erase(queue_key(domain.row));
  step.out.cancel(queue_timer(step, domain));
}

bool try_place(Step& step, const Domain& domain) {
  const auto placement = step.state.choose(domain.row.cell, need_of(domain.row));
  if (placement.chosen == nullptr) return false;
  auto& row = domain.row;
  row.phase = schema::PlacementPhase::starting;
  row.zone = placement.chosen->zone();
  row.node = placement.chosen->node;
  row.numa = placement.chosen->numa;
  ++row.placements;
  tell_placed(step, domain, placement.candidates);
  step.state.occupy(row.cell, *placement.chosen, row.resources);
  ask_start(step, domain);
  return true;
}

void give_back(Step& step, const Domain& domain) {
  const auto& row = domain.row;
  step.state.vacate(row);
  if (const auto* freed = step.state.slot(row.cell, row.node, row.numa)) serve_from(step, row.cell, *freed);
}

void serve_queue(Step& step, std::string_view cell) {
  each_waiting(step, cell, [&](const std::string& name, const schema::PlacedDomainT& row) {
    if (step.state.choose(cell, need_of(row)).chosen != nullptr) place_waiting(step, name);
    return true;
  });
}

}  // namespace virtscale::orchestration
