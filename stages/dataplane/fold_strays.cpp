#include "stages/dataplane/fold_strays.hpp"

#include "stages/dataplane/fold.hpp"

namespace virtscale::dataplane {
namespace {

// Strays are rare, and departures few: they are looked through.
schema::DepartedDomainT* find_departed(Step& step, std::string_view domain) {
  std::string found;
  step.state.departed.each("", [&](std::string_view key, const schema::DepartedDomainT& row) {
    if (row.org == step.in.org && row.domain == domain) found = key;
    return found.empty();
  });
  return found.empty() ? nullptr : step.state.departed.find_to_modify(found);
}

}  // namespace

void remember_departure(Step& step, const schema::DomainBackendT& backend) {
  if (backend.backend.empty()) return;
  auto& count = step.state.departures.modify("").count;
  auto& departed = step.state.departed.modify(departed_key(count++ % departed_max));
  departed.org = step.in.org;
  departed.service = backend.service;
  departed.domain = backend.domain;
  departed.backend = backend.backend;
  departed.scale = backend.retiring ? backend.retiring_scale : backend.birth_scale;
  departed.draining = false;
}

void on_strays_found(Step& step, const schema::StraysFound& event) {
  if (event.domains() == nullptr) return;
  for (const auto* name : *event.domains()) {
    if (step.state.backends.find(JoinedKey(step.in.org, text(name))) != nullptr) continue;
    auto* departed = find_departed(step, text(name));
    if (departed == nullptr || departed->draining) continue;
    departed->draining = true;
    schema::DrainBackendT body;
    body.domain = departed->domain;
    body.backend = departed->backend;
    step.out.ask(body, ScaleId{departed->scale});
  }
}

void on_stray_drained(Step& step, std::string_view domain) {
  if (step.state.backends.find(JoinedKey(step.in.org, domain)) != nullptr) return;
  if (auto* departed = find_departed(step, domain)) departed->draining = false;
}

}  // namespace virtscale::dataplane
