#include <algorithm>
#include <span>

#include "stages/orchestration/fold.hpp"
#include "stages/orchestration/step.hpp"

namespace virtscale::orchestration {
namespace {

using Phase = schema::PlacementPhase;

std::string halt_timer(std::string_view name) {
  return std::string("halt/").append(name);
}

void ask_stop(Step& step, const Domain& domain) {
  schema::StopDomainT order;
  order.domain = domain.name;
  ask_for(step, domain, domain.leave() ? domain.leave() : domain.birth(), order);
}

void tell_retired(Step& step, const Domain& domain) {
  schema::DomainRetiredT retired;
  retired.domain = domain.name;
  retired.service = domain.row.service;
  retired.haproxy_backend = domain.row.haproxy_backend;
  emit_for(step, domain, Topic::placements, domain.leave(), retired);
}

void retire_one(Step& step, const Domain& domain) {
  domain.row.leave_scale = step.in.scale.value;
  // One that starts is stopped when its answer comes; one that is stopped already only has its end told twice.
  if (domain.row.phase == Phase::queued) {
    unqueue(step, domain);
    was_tried(domain.row) ? stop(step, domain) : drop_unborn(step, domain);
  } else if (domain.row.phase == Phase::running) {
    domain.row.phase = Phase::draining;
    tell_retired(step, domain);
  }
}

// In the arena: who is retired may be forgotten at once.
std::span<const std::string_view> newest(Step& step, std::string_view service, std::size_t count) {
  auto& arena = step.out.arena();
  const auto names = arena.make<std::string_view>(count);
  std::size_t found = 0;
  const JoinedKey prefix(step.in.org, service, "");
  step.state.by_service.each(prefix, [&](std::string_view, const schema::ServiceDomainT& member) {
    if (found == count) return false;
    const auto* row = step.state.domains.find(member.domain);
    if (row != nullptr && row->leave_scale == 0) names[found++] = arena.copy(member.domain);
    return true;
  });
  return names.first(found);
}

// One that was asked for and is not there: gone already, as far as the books of others are concerned.
void retire_nobody(Step& step, std::string_view service) {
  schema::DomainStoppedT stopped;
  stopped.service = service;
  step.out.emit({.topic = Topic::signals, .key = step.in.org}, stopped);
  schema::DomainRemovedT removed;
  removed.service = service;
  removed.removed_at_us = step.in.now.us;
  step.out.emit({.topic = Topic::outcomes, .key = step.in.org}, removed);
}

void tell_stopped(Step& step, const Domain& domain) {
  schema::DomainStoppedT stopped;
  stopped.domain = domain.name;
  stopped.service = domain.row.service;
  emit_for(step, domain, Topic::signals, domain.leave() ? domain.leave() : domain.birth(), stopped);
}

void tell_failed(Step& step, const Domain& domain) {
  schema::DomainFailedT failed;
  failed.domain = domain.name;
  failed.service = domain.row.service;
  failed.reason = domain.row.failure;
  failed.failed_at_us = step.in.now.us;
  emit_for(step, domain, Topic::outcomes, domain.birth(), failed);
}

void tell_left(Step& step, const Domain& domain) {
  schema::DomainRemovedT removed;
  removed.domain = domain.name;
  removed.service = domain.row.service;
  removed.removed_at_us = step.in.now.us;
  emit_for(step, domain, Topic::outcomes, domain.leave(), removed);
}

void end(Step& step, const Domain& domain) {
  if (!domain.row.ran) return domain.leave() ? drop_unborn(step, domain) : fail_birth(step, domain);
  tell_stopped(step, domain);
  if (!domain.row.failure.empty()) tell_failed(step, domain);
  if (domain.leave()) tell_left(step, domain);
  forget(step, domain);
}

}  // namespace

void stop(Step& step, const Domain& domain) {
  domain.row.phase = Phase::stopping;
  ask_stop(step, domain);
}

void retire(Step& step, const schema::ScaleAdmitted& event) {
  const auto wanted = std::min<std::int64_t>(std::int64_t{event.from()} - event.to(), retired_max);
  const auto names = newest(step, text(event.service()), static_cast<std::size_t>(wanted));
  for (const auto name : names) retire_one(step, Domain{name, step.state.domains.modify(name)});
  for (auto missing = static_cast<std::size_t>(wanted) - names.size(); missing > 0; --missing)
    retire_nobody(step, text(event.service()));
}

void on_backend_gone(Step& step, const schema::BackendGone& event) {
  auto* row = step.state.domains.find_to_modify(text(event.domain()));
  if (row == nullptr || row->phase != Phase::draining) return;
  stop(step, {text(event.domain()), *row});
}

void on_backend_failed(Step& step, const schema::BackendFailed& event) {
  auto* row = step.state.domains.find_to_modify(text(event.domain()));
  if (row == nullptr || (row->phase != Phase::running && row->phase != Phase::draining)) return;
  row->failure = reason_of(event.reason());
  if (row->failure.empty()) row->failure = "never served";
  stop(step, {text(event.domain()), *row});
}

void on_domain_halted(Step& step, const schema::DomainHalted& event) {
  auto* row = step.state.domains.find_to_modify(text(event.domain()));
  if (row == nullptr || row->phase != Phase::stopping) return;
  const Domain domain{text(event.domain()), *row};
  if (is_placed(*row)) give_back(step, domain);
  end(step, domain);
}

void on_halt_failed(Step& step, const schema::HaltFailed& event) {
  const auto* row = step.state.domains.find(text(event.domain()));
  if (row == nullptr || row->phase != Phase::stopping) return;
  step.out.wake(halt_timer(text(event.domain())), step.in.now + halt_pause);
}

void on_halt_pause_over(Step& step, std::string_view name) {
  auto* row = step.state.domains.find_to_modify(name);
  if (row == nullptr || row->phase != Phase::stopping) return;
  ask_stop(step, {name, *row});
}

void on_orphans_found(Step& step, const schema::OrphansFound& event) {
  if (event.names() == nullptr) return;
  std::size_t stopped = 0;
  for (const auto* name : *event.names()) {
    if (step.state.domains.find(text(name)) != nullptr) continue;
    if (++stopped > orphans_max) return;
    schema::StopDomainT order;
    order.domain = text(name);
    step.out.ask(order);
  }
}

}  // namespace virtscale::orchestration
