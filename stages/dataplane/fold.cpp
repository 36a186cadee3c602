#include "stages/dataplane/fold.hpp"

#include <algorithm>

#include "stages/dataplane/events.hpp"
#include "stages/dataplane/fold_departure.hpp"
#include "stages/dataplane/fold_strays.hpp"
#include "stages/dataplane/invariants.hpp"

namespace virtscale::dataplane {
namespace {

using schema::BackendPhase;

Duration bounded(std::int64_t us, Duration otherwise, Duration least, Duration most) {
  if (us <= 0) return otherwise;
  return std::clamp(Duration{us}, least, most);
}

void ask_probe(Step& step, const schema::DomainBackendT& backend, const schema::Health* health) {
  const auto every_us = health == nullptr ? 0 : health->every_us();
  const auto deadline_us = health == nullptr ? 0 : health->deadline_us();
  const auto every = bounded(every_us, probe_every_default, probe_every_min, probe_every_max);
  schema::ProbeDomainT body;
  body.domain = backend.domain;
  body.address = backend.address;
  body.port = backend.port;
  body.path = backend.check_path;
  body.every_us = every.us;
  body.deadline_us = bounded(deadline_us, probe_deadline_default, every, probe_deadline_max).us;
  step.out.ask(body);
}

void ask_add(Step& step, schema::DomainBackendT& backend) {
  schema::AddBackendT body;
  body.domain = backend.domain;
  body.backend = backend.backend;
  body.address = backend.address;
  body.port = backend.port;
  body.check_path = backend.check_path;
  backend.adding = true;
  backend.add_again = false;
  step.out.ask(body, ScaleId{backend.birth_scale});
}

/// `in_pool`: the servers that take traffic as the balancer has them; nothing without a balancer.
void serve(Step& step, schema::DomainBackendT& backend, std::optional<std::uint32_t> in_pool) {
  const auto serving = ++step.state.homes.modify(JoinedKey(step.in.org, backend.service)).serving;
  backend.phase = BackendPhase::serving;
  schema::DomainServingT body;
  body.domain = backend.domain;
  body.service = backend.service;
  body.address = backend.address;
  body.port = backend.port;
  body.backend = backend.backend;
  body.backends = in_pool.value_or(serving);
  body.probes = backend.probes;
  body.live_at_us = backend.live_at_us;
  body.serving_at_us = step.in.now.us;
  const Address to{.topic = Topic::outcomes, .key = step.in.org, .scale = ScaleId{backend.birth_scale}};
  step.out.emit(to, body);
}

void on_domain_started(Step& step, const schema::DomainStarted& event) {
  const JoinedKey key(step.in.org, text(event.domain()));
  if (step.state.backends.find(key) != nullptr) return;
  auto& backend = step.state.backends.modify(key);
  backend.service = text(event.service());
  backend.domain = text(event.domain());
  backend.cell = text(event.cell());
  backend.address = text(event.address());
  backend.port = event.port();
  backend.backend = text(event.haproxy_backend());
  backend.check_path = event.health() == nullptr ? "" : text(event.health()->path());
  if (backend.check_path.empty()) backend.check_path = "/";
  backend.birth_scale = step.in.scale.value;
  const JoinedKey home(step.in.org, backend.service);
  const auto* known = step.state.homes.find(home);
  if (known == nullptr || known->cell != backend.cell) step.state.homes.modify(home).cell = backend.cell;
  ask_probe(step, backend, event.health());
}

void on_liveness_passed(Step& step, const schema::LivenessPassed& event, Row row) {
  auto& backend = row.backend;
  if (backend.phase != BackendPhase::probing) return;
  backend.probes = event.attempts();
  backend.live_at_us = step.in.now.us;
  if (!backend.backend.empty()) {
    backend.phase = BackendPhase::joining;
    return ask_add(step, backend);
  }
  serve(step, backend, std::nullopt);
  if (backend.retiring) leave(step, row);
}

void on_liveness_failed(Step& step, const schema::LivenessFailed& event, Row row) {
  if (row.backend.phase == BackendPhase::probing) fail(step, row, text(event.reason()));
}

void on_backend_added(Step& step, const schema::BackendAdded& event, Row row) {
  auto& backend = row.backend;
  if (!backend.adding) return;
  backend.adding = false;
  if (backend.phase == BackendPhase::joining) serve(step, backend, event.backends());
  if (backend.retiring) return leave(step, row);
  if (backend.add_again) ask_add(step, backend);
}

void on_backend_refused(Step& step, const schema::BackendRefused& event, Row row) {
  auto& backend = row.backend;
  if (!backend.adding) return;
  backend.adding = false;
  if (backend.retiring && backend.phase == BackendPhase::serving) return leave(step, row);
  if (backend.add_again && !backend.retiring) return ask_add(step, backend);
  if (backend.phase == BackendPhase::joining) return fail(step, row, text(event.reason()));
  step.out.wake(rejoin_timer(row.key), step.in.now + rejoin_pause);
}

void put_back(Step& step, std::string_view key) {
  auto& backend = *step.state.backends.find_to_modify(key);
  if (!backend.adding) return ask_add(step, backend);
  backend.add_again = true;
}

void on_load_balancer_restarted(Step& step, const schema::LoadBalancerRestarted& event) {
  std::vector<std::string> keys;
  step.state.backends.each(
      JoinedKey(step.in.org, ""), [&](std::string_view key, const schema::DomainBackendT& backend) {
        const bool inside = backend.phase == BackendPhase::joining || backend.phase == BackendPhase::serving;
        const bool stays = inside && !backend.retiring && !backend.backend.empty();
        if (stays && backend.service == text(event.service())) keys.emplace_back(key);
        return true;
      });
  for (const auto& key : keys) put_back(step, key);
}

void on_timer_fired(Step& step, const schema::TimerFired& event) {
  const auto timer = text(event.key());
  const auto slash = timer.find('/');
  if (slash == std::string_view::npos) return;
  const auto key = timer.substr(slash + 1);
  const auto* row = step.state.backends.find(key);
  if (row == nullptr) return;
  if (timer == drain_timer(key) && row->phase == BackendPhase::draining) ask_drain(step, *row);
  if (timer == rejoin_timer(key) && row->phase == BackendPhase::serving && !row->adding)
    ask_add(step, *step.state.backends.find_to_modify(key));
}

/// Runs `on_event` with the row of the answer's domain; the answer about a domain that is gone means nothing.
template <class Event, class OnEvent>
void with_row(Step& step, const Event& event, OnEvent on_event) {
  const JoinedKey key(step.in.org, text(event.domain()));
  if (auto* backend = step.state.backends.find_to_modify(key)) on_event(Row{key, *backend});
}

void dispatch(Step& step, const schema::DomainStarted& event) {
  on_domain_started(step, event);
}
void dispatch(Step& step, const schema::DomainRetired& event) {
  on_domain_retired(step, event);
}
void dispatch(Step& step, const schema::LivenessPassed& event) {
  with_row(step, event, [&](Row row) { on_liveness_passed(step, event, std::move(row)); });
}
void dispatch(Step& step, const schema::LivenessFailed& event) {
  with_row(step, event, [&](Row row) { on_liveness_failed(step, event, std::move(row)); });
}
void dispatch(Step& step, const schema::BackendAdded& event) {
  with_row(step, event, [&](Row row) { on_backend_added(step, event, std::move(row)); });
}
void dispatch(Step& step, const schema::BackendRefused& event) {
  with_row(step, event, [&](Row row) { on_backend_refused(step, event, std::move(row)); });
}
void dispatch(Step& step, const schema::BackendDrained& event) {
  on_stray_drained(step, text(event.domain()));
  with_row(step, event, [&](Row row) { on_backend_drained(step, std::move(row)); });
}
void dispatch(Step& step, const schema::DrainFailed& event) {
  on_stray_drained(step, text(event.domain()));
  with_row(step, event, [&](Row row) { on_drain_failed(step, std::move(row)); });
}
void dispatch(Step& step, const schema::LoadBalancerRestarted& event) {
  on_load_balancer_restarted(step, event);
}
void dispatch(Step& step, const schema::StraysFound& event) {
  on_strays_found(step, event);
}
void dispatch(Step& step, const schema::TimerFired& event) {
  on_timer_fired(step, event);
}

}  // namespace

void Fold::fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept {
  const auto event = decode(inbound);
  if (!event) return;
  Step step{state, inbound, outbox};
  std::visit([&](const auto* body) { dispatch(step, *body); }, *event);
}

std::string Fold::violated_invariant(const State& state) {
  return dataplane::violated_invariant(state);
}

}  // namespace virtscale::dataplane
