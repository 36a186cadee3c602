#include "stages/signal/invariants.hpp"

#include <map>

namespace virtscale::signal {
namespace {

std::string violated_by_alert(const State& state, std::string_view key, const schema::FiringAlertT& alert) {
  const std::string row(key);
  if (first_parts(key, 2).size() == key.size()) return "alert " + row + " has a key without a fingerprint";
  if (alert.armed && alert.resolved) return "alert " + row + " is resolved and has a timer";
  const auto rule = rule_for(state.services.find(first_parts(key, 2)), alert.name);
  if (!alert.resolved && !alert.armed && rule) return "alert " + row + " fires, has a rule and no timer";
  return {};
}

std::string violated_by_alerts(const State& state) {
  std::string violation;
  std::map<std::string, std::uint32_t, std::less<>> rows;
  state.alerts.each("", [&](std::string_view key, const schema::FiringAlertT& alert) {
    ++rows[std::string(first_parts(key, 1))];
    violation = violated_by_alert(state, key, alert);
    return violation.empty();
  });
  if (!violation.empty()) return violation;
  for (const auto& [org, count] : rows) {
    const auto* counted = state.alert_counts.find(org);
    if (counted == nullptr || counted->rows != count) return "the count of alerts of org " + org + " is not its rows";
    if (count > alerts_per_org_max) return "org " + org + " has more alerts than its bound";
  }
  if (rows.size() != state.alert_counts.size()) return "an org without alerts has a count of them";
  return {};
}

bool has_schedule(const State& state, std::string_view key) {
  const auto service_key = first_parts(key, 2);
  const auto* service = state.services.find(service_key);
  if (service == nullptr) return false;
  bool found = false;
  service->each_rule([&](const schema::RuleView& rule) {
    found = schedule_key(service_key, rule.cron, rule.zone) == key;
    return !found;
  });
  return found;
}

}  // namespace

std::string violated_invariant(const State& state) {
  auto violation = violated_by_alerts(state);
  state.schedules.each("", [&](std::string_view key, const auto&) {
    if (!has_schedule(state, key)) violation = "schedule " + std::string(key) + " has no rule in its service";
    return violation.empty();
  });
  return violation;
}

}  // namespace virtscale::signal
