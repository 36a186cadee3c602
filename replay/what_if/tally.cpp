#include "replay/what_if/tally.hpp"

#include <algorithm>

#include "replay/what_if/foreign_policy.hpp"
#include "stages/policy/gate.hpp"

namespace virtscale::replay {
namespace {

constexpr double vcpu_milli_us_per_vcpu_hour = 1'000.0 * 3'600'000'000.0;

bool beyond_quota(const schema::OrgUsageT& usage, const schema::OrgContractT* contract) {
  if (contract == nullptr) return false;
  const auto used = policy::plus(policy::amounts_of(usage.committed), policy::amounts_of(usage.reserved));
  const auto quota = policy::amounts_of(contract->terms->quota);
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i] > quota[i]) return true;
  }
  return false;
}

}  // namespace

void Tally::begin(const policy::State& state, Instant at) {
  state.usage.each("", [&](std::string_view org, const schema::OrgUsageT&) {
    account(std::string(org), state, at);
    return true;
  });
}

void Tally::folded(const Refold& refold, const LogRecord& record, const Step& step) {
  for (const auto& emitted : step.emitted) {
    const auto& event = *schema::GetEvent(emitted.value.data());
    if (const auto* decided = event.body_as_ScaleDecided()) note_decided(event, *decided);
    if (const auto* serving = event.body_as_DomainServing()) note_served(event, *serving);
  }
  const auto* policy = policy_state(refold);
  const auto* event = policy == nullptr ? nullptr : schema::verify_event(record.value);
  if (event != nullptr) account(event->org()->str(), *policy, refold.stream_time());
}

void Tally::end(const policy::State& state, Instant at) {
  begin(state, at);
  state.services.each("", [&](std::string_view key, const policy::ServiceBook& book) {
    orgs_[std::string(key.substr(0, key.find('/')))].replicas += policy::replicas_now(book);
    return true;
  });
}

// Charges what was used since the last time, and notes what is used from now on.
void Tally::account(const std::string& org, const policy::State& state, Instant at) {
  const auto* row = state.usage.find(org);
  if (row == nullptr) return;
  auto& usage = usage_.try_emplace(org, Usage{.since = at}).first->second;
  auto& tally = orgs_[org];
  const auto time = at - usage.since;
  tally.vcpu_hours +=
      static_cast<double>(usage.vcpu_milli) * static_cast<double>(time.us) / vcpu_milli_us_per_vcpu_hour;
  if (usage.over_quota) tally.over_quota = tally.over_quota + time;
  usage = {at, row->committed.vcpu_milli(), beyond_quota(*row, state.contracts.find(org))};
}

void Tally::note_decided(const schema::Event& event, const schema::ScaleDecided& decided) {
  auto& org = orgs_[event.org()->str()];
  auto& decision = org.decisions[{event.header()->scale()}];
  fresh_.push_back({event.org()->str(), {event.header()->scale()}});
  decision = {.service = decided.service()->str(),
              .admitted = decided.decision() == schema::Decision::admitted,
              .kind = decided.kind(),
              .name = decided.name() == nullptr ? std::string() : decided.name()->str(),
              .code = decided.code()->str(),
              .reason = decided.reason()->str(),
              .from = decided.from(),
              .to = decided.to(),
              .decided = {decided.decided_at_us()}};
  if (!decision.admitted && decision.kind == schema::SignalKind::request) ++org.requests_refused;
}

void Tally::note_served(const schema::Event& event, const schema::DomainServing& serving) {
  auto& decisions = orgs_[event.org()->str()].decisions;
  const auto decision = decisions.find({event.header()->scale()});
  if (decision == decisions.end()) return;
  decision->second.served = std::max(decision->second.served, Instant{serving.serving_at_us()});
}

}  // namespace virtscale::replay
