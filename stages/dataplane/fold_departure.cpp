#include "stages/dataplane/fold_departure.hpp"

#include "stages/dataplane/fold.hpp"
#include "stages/dataplane/fold_strays.hpp"

namespace virtscale::dataplane {
namespace {

void emit_gone(Step& step, std::string_view cell, std::string_view service, std::string_view domain, ScaleId scale) {
  schema::BackendGoneT body;
  body.domain = domain;
  body.service = service;
  step.out.emit({.topic = Topic::decisions, .key = cell, .scale = scale}, body);
}

}  // namespace

std::string drain_timer(std::string_view row_key) {
  return "drain/" + std::string(row_key);
}

std::string rejoin_timer(std::string_view row_key) {
  return "rejoin/" + std::string(row_key);
}

void leave(Step& step, Row row) {
  --step.state.homes.modify(JoinedKey(step.in.org, row.backend.service)).serving;
  if (row.backend.backend.empty()) return gone(step, row);
  row.backend.phase = schema::BackendPhase::draining;
  row.backend.add_again = false;
  ask_drain(step, row.backend);
}

void ask_drain(Step& step, const schema::DomainBackendT& backend) {
  schema::DrainBackendT body;
  body.domain = backend.domain;
  body.backend = backend.backend;
  step.out.ask(body, ScaleId{backend.retiring_scale});
}

void gone(Step& step, Row row) {
  const auto& backend = row.backend;
  emit_gone(step, backend.cell, backend.service, backend.domain, ScaleId{backend.retiring_scale});
  remember_departure(step, backend);
  step.state.backends.erase(row.key);
}

void fail(Step& step, Row row, std::string_view reason) {
  schema::BackendFailedT body;
  body.domain = row.backend.domain;
  body.service = row.backend.service;
  body.reason = reason;
  const Address to{.topic = Topic::decisions, .key = row.backend.cell, .scale = ScaleId{row.backend.birth_scale}};
  step.out.emit(to, body);
  if (row.backend.retiring) return gone(step, row);
  remember_departure(step, row.backend);
  step.state.backends.erase(row.key);
}

void on_domain_retired(Step& step, const schema::DomainRetired& event) {
  const auto domain = text(event.domain());
  const auto service = text(event.service());
  const JoinedKey key(step.in.org, domain);
  auto* backend = step.state.backends.find_to_modify(key);
  if (backend == nullptr) {
    // It failed while the retirement was on its way here.
    const auto* home = step.state.homes.find(JoinedKey(step.in.org, service));
    const std::string_view cell = home == nullptr ? std::string_view() : std::string_view(home->cell);
    return emit_gone(step, cell, service, domain, step.in.scale);
  }
  if (backend->retiring) return;
  backend->retiring = true;
  backend->retiring_scale = step.in.scale.value;
  if (backend->phase == schema::BackendPhase::serving && !backend->adding) leave(step, {key, *backend});
}

void on_backend_drained(Step& step, Row row) {
  if (row.backend.phase == schema::BackendPhase::draining) gone(step, row);
}

void on_drain_failed(Step& step, Row row) {
  if (row.backend.phase != schema::BackendPhase::draining) return;
  if (++row.backend.drains_failed >= drains_failed_max) return gone(step, row);
  step.out.wake(drain_timer(row.key), step.in.now + drain_pause);
}

}  // namespace virtscale::dataplane
