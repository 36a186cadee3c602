#include <algorithm>
#include <charconv>

#include "stages/audit/step.hpp"

namespace virtscale::audit {
namespace {

// Of a scale event with more domains than this, the nodes that were passed over are kept for these only.
constexpr std::size_t domains_with_candidates_max = 16;
constexpr std::size_t candidates_max = 16;

schema::AuditDomainT& domain_of(schema::AuditScaleT& scale, std::string_view name) {
  const auto before = [](const auto& domain, std::string_view than) { return domain->name < than; };
  auto at = std::lower_bound(scale.domains.begin(), scale.domains.end(), name, before);
  if (at == scale.domains.end() || (*at)->name != name) {
    at = scale.domains.insert(at, std::make_unique<schema::AuditDomainT>());
    (*at)->name = name;
  }
  return **at;
}

// The scale event that a domain was made for: policy names domains `<service>-<12 digits of it>-<number>`.
ScaleId birth_of(Step step, std::string_view domain) {
  constexpr std::size_t digits = 12;
  const auto number = domain.rfind('-');
  if (number == domain.npos || number < digits) return {};
  return parse_scale(step.outbox.arena().joined({"evt-", domain.substr(number - digits, digits)}));
}

void end_domain(schema::AuditScaleT& scale, schema::AuditDomainT& domain, schema::AuditEnd end, std::int64_t at_us) {
  if (domain.end != schema::AuditEnd::pending) return;
  domain.end = end;
  domain.ended_at_us = at_us;
  ++scale.ended;
}

// A domain that a later scale took away before it served has ended for the scale that made it, too.
void end_birth(Step step, std::string_view domain, std::int64_t at_us) {
  const auto birth = birth_of(step, domain);
  if (!birth || birth == step.inbound.scale) return;
  const auto key = scale_key(step.inbound.org, birth);
  const auto* known = step.state.scales.find(key);
  if (known == nullptr || known->line >= 0) return;
  auto& scale = *step.state.scales.find_to_modify(key);
  end_domain(scale, domain_of(scale, domain), schema::AuditEnd::removed, at_us);
  close_if_ended(step, birth, scale);
}

void keep_candidates(schema::AuditDomainT& domain, const schema::DomainPlaced& event) {
  domain.candidates.clear();
  domain.candidate_names = text(event.candidate_names());
  if (event.candidates() == nullptr) return;
  const auto count = std::min<std::size_t>(event.candidates()->size(), candidates_max);
  domain.candidates.reserve(count);
  for (const auto* candidate : *event.candidates()) {
    if (domain.candidates.size() == count) return;
    domain.candidates.push_back(*candidate);
  }
}

}  // namespace

void on_domain_placed(Step step, const schema::DomainPlaced& event) {
  auto* scale = open_scale(step);
  if (scale == nullptr) return;
  auto& domain = domain_of(*scale, text(event.domain()));
  domain.cell = text(event.cell());
  domain.zone = text(event.zone());
  domain.node = text(event.node());
  domain.numa = event.numa();
  domain.placed_at_us = event.placed_at_us();
  domain.candidates_total = event.candidates_total();
  ++domain.placements;
  if (scale->domains.size() <= domains_with_candidates_max) keep_candidates(domain, event);
}

void on_domain_serving(Step step, const schema::DomainServing& event) {
  auto* scale = open_scale(step);
  if (scale == nullptr) return;
  auto& domain = domain_of(*scale, text(event.domain()));
  domain.address = text(event.address());
  domain.port = event.port();
  domain.backend = text(event.backend());
  domain.backends = event.backends();
  domain.probes = event.probes();
  domain.live_at_us = event.live_at_us();
  end_domain(*scale, domain, schema::AuditEnd::serving, event.serving_at_us());
  close_if_ended(step, step.inbound.scale, *scale);
}

void on_domain_failed(Step step, const schema::DomainFailed& event) {
  auto* scale = open_scale(step);
  if (scale == nullptr) return;
  auto& domain = domain_of(*scale, text(event.domain()));
  if (domain.end == schema::AuditEnd::pending) domain.reason = text(event.reason());
  end_domain(*scale, domain, schema::AuditEnd::failed, event.failed_at_us());
  close_if_ended(step, step.inbound.scale, *scale);
}

void on_domain_removed(Step step, const schema::DomainRemoved& event) {
  auto* scale = open_scale(step);
  if (scale == nullptr) return;
  const auto name = text(event.domain());
  if (name.empty()) {
    ++scale->nameless;
    ++scale->ended;
  } else {
    end_domain(*scale, domain_of(*scale, name), schema::AuditEnd::removed, event.removed_at_us());
  }
  close_if_ended(step, step.inbound.scale, *scale);
  end_birth(step, name, event.removed_at_us());
}

}  // namespace virtscale::audit
