#include "stages/signal/fold.hpp"

#include <algorithm>
#include <utility>

#include "stages/signal/invariants.hpp"
#include "stages/signal/step.hpp"

namespace virtscale::signal {
namespace {

schema::EventId identity_of(const EventId& id) {
  return {id.offset, id.partition, id.index, static_cast<std::uint8_t>(id.stage)};
}

// Rows of schedules that the document no longer has would be kept for ever.
void forget_schedules_without_rule(State& state, std::string_view service_key) {
  const auto* service = state.services.find(service_key);
  std::vector<std::string> kept;
  service->each_rule([&](const schema::RuleView& rule) {
    kept.push_back(schedule_key(service_key, rule.cron, rule.zone));
    return true;
  });
  std::vector<std::string> gone;
  state.schedules.each(join(service_key, ""), [&](std::string_view key, const auto&) {
    if (std::find(kept.begin(), kept.end(), key) == kept.end()) gone.emplace_back(key);
    return true;
  });
  for (const auto& key : gone) state.schedules.erase(key);
}

// A schedule counts from the moment at which it became known: what was due before is not caught up with.
void begin_new_schedules(const Step& step, std::string_view service_key) {
  step.state.services.find(service_key)->each_rule([&](const schema::RuleView& rule) {
    const auto key = schedule_key(service_key, rule.cron, rule.zone);
    if (!rule.cron.empty() && step.state.schedules.find(key) == nullptr)
      step.state.schedules.modify(key).last_due_us = step.inbound.now.us;
    return true;
  });
}

struct Dispatch {
  const Step& step;
  void operator()(const schema::AlertRaised* event) const { on_alert_raised(step, *event); }
  void operator()(const schema::AlertResolved* event) const { on_alert_resolved(step, *event); }
  void operator()(const schema::AlertUnroutable* event) const { on_alert_unroutable(step, *event); }
  void operator()(const schema::ScaleRequested* event) const { on_scale_requested(step, *event); }
  void operator()(const schema::ScheduleDue* event) const { on_schedule_due(step, *event); }
  void operator()(const schema::ServiceApplied* event) const { on_service_applied(step, *event); }
  void operator()(const schema::TimerFired* event) const { on_timer_fired(step, *event); }
};

}  // namespace

void Fold::fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept {
  const auto event = decode(inbound);
  if (event) std::visit(Dispatch{{state, inbound, outbox}}, *event);
}

std::string Fold::violated_invariant(const State& state) {
  return signal::violated_invariant(state);
}

void want(const Step& step, schema::ScaleWantedT wish) {
  wish.signal_at_us = step.inbound.now.us;
  const auto n = static_cast<std::uint32_t>(step.outbox.emissions().size());
  step.outbox.emit({.topic = Topic::signals, .key = step.inbound.org, .scale = scale_of(emitted(step.inbound.at, n))},
                   wish);
}

// A request keeps no state here: even one for a service that nobody knows is passed on, since policy answers it.
void on_scale_requested(const Step& step, const schema::ScaleRequested& requested) {
  schema::ScaleWantedT wish;
  wish.service = text(requested.service());
  wish.kind = schema::SignalKind::request;
  wish.name = "request";
  wish.mode = requested.mode();
  wish.amount = requested.amount();
  wish.request = identity_of(step.inbound.id);
  wish.idempotency_key = text(requested.idempotency_key());
  wish.requester = text(requested.requester());
  want(step, std::move(wish));
}

void on_schedule_due(const Step& step, const schema::ScheduleDue& due) {
  const auto service_key = join(step.inbound.org, text(due.service()));
  const auto rule = rule_at(step.state.services.find(service_key), text(due.cron()), text(due.zone()));
  if (!rule) return;
  const auto key = schedule_key(service_key, rule->cron, rule->zone);
  if (due.due_us() <= step.state.schedules.find(key)->last_due_us) return;
  if (due.due_us() > (step.inbound.now + due_ahead_max).us) {
    return count_unrouted(step, text(due.cron()),
                          "a schedule is due more than a day ahead of the log: check the clock");
  }
  step.state.schedules.modify(key).last_due_us = due.due_us();
  schema::ScaleWantedT wish;
  wish.service = text(due.service());
  wish.kind = schema::SignalKind::schedule;
  wish.name = rule->cron;
  wish.mode = rule->mode;
  wish.amount = rule->amount;
  want(step, std::move(wish));
}

void on_service_applied(const Step& step, const schema::ServiceApplied& applied) {
  schema::ServiceAppliedT service;
  applied.UnPackTo(&service);
  const auto fault = fault_of_route(step.inbound, service.spec->name);
  if (!fault.empty()) return count_unrouted(step, service.spec->name, fault);
  const auto key = join(step.inbound.org, service.spec->name);
  step.state.services.modify(key) = ScaledService(*service.spec);
  forget_schedules_without_rule(step.state, key);
  begin_new_schedules(step, key);
  step.outbox.emit({.topic = Topic::signals, .key = step.inbound.org, .answers = step.inbound.id}, service);
  apply_rules_to_waiting_alerts(step, key);
}

}  // namespace virtscale::signal
