// One step of the fold: what its parts share. Private to this folder.
//
// The one thing to know: a step may serve domains of other orgs than the record's, so what is said about a domain
// always names the domain's own org and scale event.
#pragma once

#include <string>
#include <string_view>

#include "stages/orchestration/events.hpp"
#include "stages/orchestration/state.hpp"

namespace virtscale::orchestration {

struct Step {
  State& state;
  const Inbound& in;
  Outbox& out;
};

/// A row of `domains` in hand. `name` is borrowed for the step.
struct Domain {
  std::string_view name;
  schema::PlacedDomainT& row;
  ScaleId birth() const { return {row.birth_scale}; }
  ScaleId leave() const { return {row.leave_scale}; }
};

// fold.cpp: how a step speaks
/// Emits `body`, keyed by what the topic is keyed by, in the domain's org.
template <class Body>
void emit_for(Step& step, const Domain& domain, Topic topic, ScaleId scale, const Body& body) {
  const auto key = topic == Topic::placements ? service_of(domain.row) : JoinedKey(domain.row.org);
  step.out.emit({.topic = topic, .key = key, .org = domain.row.org, .scale = scale}, body);
}
/// Asks for an effect in the domain's org.
template <class Body>
void ask_for(Step& step, const Domain& domain, ScaleId scale, const Body& body) {
  step.out.ask(body, scale, domain.row.org);
}
/// Ends the domain's row, and its place among its service's.
void forget(Step& step, const Domain& domain);
/// A reason of the outside, bounded.
std::string reason_of(const flatbuffers::String* field);

// fold_cell.cpp
void on_cell_applied(Step& step, const schema::CellApplied& event);

// fold_start.cpp: from admission to running
void bear(Step& step, const schema::ScaleAdmitted& event);
void on_domain_spawned(Step& step, const schema::DomainSpawned& event);
void on_spawn_failed(Step& step, const schema::SpawnFailed& event);
void on_queue_timeout(Step& step, std::string_view name);
/// Takes the domain out of the queue.
void unqueue(Step& step, const Domain& domain);
/// Ends a domain that never ran, for the reason in its row.
void fail_birth(Step& step, const Domain& domain);
/// Ends a domain that never ran, since a scale-in took it: both scale events have their end.
void drop_unborn(Step& step, const Domain& domain);

// fold_queue.cpp: who waits for room
void wait_for_room(Step& step, const Domain& domain);
/// Gives the domain the NUMA node that its cell's order chooses, and asks for its start. False if there is none.
bool try_place(Step& step, const Domain& domain);
/// Gives back what the domain uses, to whoever waits for it.
void give_back(Step& step, const Domain& domain);
/// Places all who wait in the cell and now find room.
void serve_queue(Step& step, std::string_view cell);

// fold_stop.cpp: from retirement or failure to the end
void retire(Step& step, const schema::ScaleAdmitted& event);
void on_backend_gone(Step& step, const schema::BackendGone& event);
void on_backend_failed(Step& step, const schema::BackendFailed& event);
void on_domain_halted(Step& step, const schema::DomainHalted& event);
void on_halt_failed(Step& step, const schema::HaltFailed& event);
void on_halt_pause_over(Step& step, std::string_view name);
void on_orphans_found(Step& step, const schema::OrphansFound& event);
/// Asks for the domain's stop.
void stop(Step& step, const Domain& domain);

}  // namespace virtscale::orchestration
