#include "stages/signal/state.hpp"

namespace virtscale::signal {
namespace {

template <class Matches>
std::optional<schema::RuleView> first_rule(const ScaledService* service, Matches matches) {
  std::optional<schema::RuleView> first;
  if (service == nullptr) return first;
  service->each_rule([&](const schema::RuleView& rule) {
    if (matches(rule)) first = rule;
    return !first;
  });
  return first;
}

}  // namespace

State::State() = default;
State::~State() = default;

std::vector<AnyTable*> State::tables() {
  return {&services, &alerts, &alert_counts, &schedules, &unrouted};
}

std::string join(std::string_view first, std::string_view second) {
  std::string key;
  key.reserve(first.size() + 1 + second.size());
  return key.append(first).append("/").append(second);
}

std::string_view first_parts(std::string_view key, std::size_t parts) {
  std::size_t end = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    end = key.find('/', part == 0 ? 0 : end + 1);
    if (end == key.npos) return key;
  }
  return key.substr(0, end);
}

std::string schedule_key(std::string_view service_key, std::string_view cron, std::string_view zone) {
  return join(join(service_key, cron), zone);
}

std::optional<schema::RuleView> rule_for(const ScaledService* service, std::string_view alert_name) {
  if (alert_name.empty()) return {};
  return first_rule(service, [&](const schema::RuleView& rule) { return rule.on == alert_name; });
}

std::optional<schema::RuleView> rule_at(const ScaledService* service, std::string_view cron, std::string_view zone) {
  if (cron.empty()) return {};
  return first_rule(service, [&](const schema::RuleView& rule) { return rule.cron == cron && rule.zone == zone; });
}

}  // namespace virtscale::signal
