#include "stages/orchestration/fold.hpp"

#include <variant>

#include "stages/orchestration/invariants.hpp"
#include "stages/orchestration/step.hpp"

namespace virtscale::orchestration {
namespace {

void on_scale_admitted(Step& step, const schema::ScaleAdmitted& event) {
  if (event.to() > event.from()) bear(step, event);
  if (event.to() < event.from()) retire(step, event);
}

// The timers are `queue/<domain>` and `halt/<domain>`.
void on_timer_fired(Step& step, const schema::TimerFired& event) {
  const auto key = text(event.key());
  const auto cut = key.find('/');
  if (cut == std::string_view::npos) return;
  if (key.substr(0, cut) == "queue") on_queue_timeout(step, key.substr(cut + 1));
  if (key.substr(0, cut) == "halt") on_halt_pause_over(step, key.substr(cut + 1));
}

struct Dispatch {
  Step& step;
  void operator()(const schema::CellApplied* event) { on_cell_applied(step, *event); }
  void operator()(const schema::OrphansFound* event) { on_orphans_found(step, *event); }
  void operator()(const schema::ScaleAdmitted* event) { on_scale_admitted(step, *event); }
  void operator()(const schema::DomainSpawned* event) { on_domain_spawned(step, *event); }
  void operator()(const schema::SpawnFailed* event) { on_spawn_failed(step, *event); }
  void operator()(const schema::DomainHalted* event) { on_domain_halted(step, *event); }
  void operator()(const schema::HaltFailed* event) { on_halt_failed(step, *event); }
  void operator()(const schema::BackendGone* event) { on_backend_gone(step, *event); }
  void operator()(const schema::BackendFailed* event) { on_backend_failed(step, *event); }
  void operator()(const schema::TimerFired* event) { on_timer_fired(step, *event); }
};

}  // namespace

void forget(Step& step, const Domain& domain) {
  step.state.by_service.erase(service_key(domain.row));
  step.state.domains.erase(domain.name);
}

std::string reason_of(const flatbuffers::String* field) {
  return std::string(text(field).substr(0, reason_bytes_max));
}

void Fold::fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept {
  Step step{state, inbound, outbox};
  if (const auto event = decode(inbound)) std::visit(Dispatch{step}, *event);
}

std::string Fold::violated_invariant(const State& state) {
  return orchestration::violated_invariant(state);
}

}  // namespace virtscale::orchestration
