// The books: what each domain takes, from its reservation until it is gone.
#include <algorithm>

#include "stages/policy/step.hpp"

namespace virtscale::policy {
namespace {

void add(schema::Resources& to, const Amounts& amounts) {
  to = resources_of(plus(amounts_of(to), amounts));
}

void subtract(schema::Resources& from, const Amounts& amounts) {
  from = resources_of(minus(amounts_of(from), amounts));
}

bool beyond(const Usage& usage, const schema::ContractTermsT& terms) {
  return !project(terms_of(terms), usage, {}).admitted;
}

// Usage has shrunk: it may be within the envelope again.
void settle_shrink(State& state, std::string_view org, schema::OrgUsageT& row) {
  if (!row.over_by_shrink) return;
  const auto* contract = state.contracts.find(org);
  row.over_by_shrink = contract != nullptr && beyond(usage_of(&row), *contract->terms);
}

// Gives back what the domain takes, whether it was reserved or committed, and forgets it. Nothing for an unknown one.
void release(State& state, std::string_view org, ServiceBook& book, std::string_view domain_key) {
  const auto* domain = state.domains.find(domain_key);
  if (domain == nullptr) return;
  auto& row = state.usage.modify(org);
  const bool committed = domain->holding == schema::Holding::committed;
  subtract(committed ? row.committed : row.reserved, amounts_of(domain->resources));
  --(committed ? book.committed : book.reserved);
  state.domains.erase(domain_key);
  settle_shrink(state, org, row);
}

// The domain is gone, or never was: its place is free, and it leaves no more if it was leaving. The end of a scale-in
// comes with the scale-in's scale event, and a failure with that of the birth.
void on_domain_gone(Step& step, std::string_view service, std::string_view name) {
  const auto org = step.inbound.org;
  auto* book = step.state.services.find_to_modify(JoinedKey(org, service));
  if (book == nullptr) return;
  const JoinedKey domain_key(org, service, name);
  const auto* domain = step.state.domains.find(domain_key);
  const bool left = name.empty() || (domain != nullptr && domain->birth_scale != step.inbound.scale.value);
  release(step.state, org, *book, domain_key);
  if (left) book->leaving = std::max(0, book->leaving - 1);
}

}  // namespace

Usage usage_of(const schema::OrgUsageT* row) {
  if (row == nullptr) return {};
  return {amounts_of(row->committed), amounts_of(row->reserved)};
}

void note_shrink(State& state, std::string_view org, const schema::ContractTermsT& terms) {
  const auto* row = state.usage.find(org);
  if (row == nullptr) return;
  const bool over = beyond(usage_of(row), terms);
  if (over != row->over_by_shrink) state.usage.modify(org).over_by_shrink = over;
}

void reserve(Step& step, const Ask& ask, ServiceBook& book, const schema::Resources& domain,
             std::span<const std::string_view> names) {
  const auto org = step.inbound.org;
  const auto count = static_cast<std::int64_t>(names.size());
  add(step.state.usage.modify(org).reserved, times(amounts_of(domain), count));
  book.reserved += static_cast<std::int32_t>(count);
  for (const auto name : names) {
    auto& row = step.state.domains.modify(JoinedKey(org, ask.service, name));
    row.resources = domain;
    row.birth_scale = ask.scale.value;
  }
}

void on_domain_running(Step& step, const schema::DomainRunning& running) {
  const auto org = step.inbound.org;
  const auto service = text(running.service());
  auto* domain = step.state.domains.find_to_modify(JoinedKey(org, service, text(running.domain())));
  if (domain == nullptr || domain->holding == schema::Holding::committed) return;
  domain->holding = schema::Holding::committed;
  auto& row = step.state.usage.modify(org);
  subtract(row.reserved, amounts_of(domain->resources));
  add(row.committed, amounts_of(domain->resources));
  auto& book = step.state.services.modify(JoinedKey(org, service));
  --book.reserved;
  ++book.committed;
}

void on_domain_not_started(Step& step, const schema::DomainNotStarted& not_started) {
  on_domain_gone(step, text(not_started.service()), text(not_started.domain()));
}

void on_domain_stopped(Step& step, const schema::DomainStopped& stopped) {
  on_domain_gone(step, text(stopped.service()), text(stopped.domain()));
}

}  // namespace virtscale::policy
