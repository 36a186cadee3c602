#include <algorithm>
#include <cstdint>
#include <utility>

#include "stages/signal/step.hpp"

namespace virtscale::signal {
namespace {

constexpr std::string_view every_timer = "every/";
constexpr std::string_view forget_timer = "forget/";

std::string timer_key(std::string_view timer, std::string_view alert_key) {
  return std::string(timer).append(alert_key);
}

// Cut between characters, since what is kept is text for people.
std::string_view cut(std::string_view note) {
  if (note.size() <= note_bytes_max) return note;
  auto end = note_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(note[end]) & 0xc0) == 0x80) --end;
  return note.substr(0, end);
}

std::string_view fault_of(const Inbound& inbound, std::string_view service, std::string_view name,
                          std::string_view fingerprint) {
  const auto misrouted = fault_of_route(inbound, service);
  if (!misrouted.empty()) return misrouted;
  if (name.size() > alert_name_bytes_max) return "the alert's name is longer than 1,024 bytes";
  if (fingerprint.empty() || fingerprint.size() > fingerprint_bytes_max)
    return "the fingerprint has not 1 to 256 bytes";
  return {};
}

Duration period_of(const ScaledService& service, const schema::RuleView& rule) {
  // A rule that names a number of replicas has no direction of its own; it rests as one that scales out.
  const bool shrinks = rule.mode == schema::ScaleMode::by && rule.amount < 0;
  const auto cooldowns = service.cooldowns();
  const auto cooldown = shrinks ? cooldowns.in_us : cooldowns.out_us;
  return {std::clamp(rule.every_us > 0 ? rule.every_us : cooldown, every_min.us, every_max.us)};
}

// Applies the rule that matches the alert now, and sets the timer to do so again. False if no rule matches.
bool apply_rule(const Step& step, std::string_view alert_key, schema::FiringAlertT& alert) {
  const auto service_key = first_parts(alert_key, 2);
  const auto* service = step.state.services.find(service_key);
  const auto rule = rule_for(service, alert.name);
  alert.armed = rule.has_value();
  if (!rule) return false;
  schema::ScaleWantedT wish;
  wish.service = service_key.substr(first_parts(service_key, 1).size() + 1);
  wish.kind = schema::SignalKind::alert;
  wish.name = alert.name;
  wish.fingerprint = alert_key.substr(service_key.size() + 1);
  wish.mode = rule->mode;
  wish.amount = rule->amount;
  wish.value_milli = alert.value_milli;
  wish.queue_depth = alert.queue_depth;
  want(step, std::move(wish));
  alert.applied_at_us = step.inbound.now.us;
  step.outbox.wake(timer_key(every_timer, alert_key), step.inbound.now + period_of(*service, *rule));
  return true;
}

void clear(const Step& step, std::string_view alert_key, schema::FiringAlertT& alert) {
  const auto service_key = first_parts(alert_key, 2);
  if (alert.armed) step.outbox.cancel(timer_key(every_timer, alert_key));
  alert.armed = false;
  schema::AlertClearedT cleared;
  cleared.service = service_key.substr(first_parts(service_key, 1).size() + 1);
  cleared.name = alert.name;
  cleared.fingerprint = alert_key.substr(service_key.size() + 1);
  step.outbox.emit({.topic = Topic::signals, .key = step.inbound.org}, cleared);
}

// The alert's row, made if there is room. Null, and counted, if there is none.
schema::FiringAlertT* row_for(const Step& step, std::string_view alert_key, std::string_view name) {
  if (auto* row = step.state.alerts.find_to_modify(alert_key)) return row;
  auto& count = step.state.alert_counts.modify(step.inbound.org);
  if (count.rows >= alerts_per_org_max) {
    count_unrouted(step, name, "the org has too many alerts that fire or were resolved within a day");
    return nullptr;
  }
  ++count.rows;
  auto& row = step.state.alerts.modify(alert_key);
  row.starts_at_us = INT64_MIN;
  row.resolved = true;
  return &row;
}

void begin_firing(const Step& step, std::string_view alert_key, schema::FiringAlertT& alert,
                  const schema::AlertRaised& raised) {
  if (!alert.resolved) clear(step, alert_key, alert);
  if (alert.resolved) step.outbox.cancel(timer_key(forget_timer, alert_key));
  alert.name = text(raised.name());
  alert.starts_at_us = raised.starts_at_us();
  alert.resolved = false;
  if (apply_rule(step, alert_key, alert)) return;
  const bool known = step.state.services.find(first_parts(alert_key, 2)) != nullptr;
  count_unrouted(step, alert.name, known ? "the service has no rule for this alert" : "the service is unknown");
}

void forget(const Step& step, std::string_view alert_key) {
  const auto* alert = step.state.alerts.find(alert_key);
  if (alert == nullptr || !alert->resolved) return;
  step.state.alerts.erase(alert_key);
  const auto org = first_parts(alert_key, 1);
  if (--step.state.alert_counts.modify(org).rows == 0) step.state.alert_counts.erase(org);
}

}  // namespace

std::string_view fault_of_route(const Inbound& inbound, std::string_view service) {
  if (inbound.org.empty() || inbound.org.find('/') != inbound.org.npos) return "the org is empty or has a '/'";
  if (service.empty() || service.find('/') != service.npos) return "the service is empty or has a '/'";
  if (inbound.key != join(inbound.org, service)) return "the record has another key than org/service";
  return {};
}

void count_unrouted(const Step& step, std::string_view alert_name, std::string_view reason) {
  const auto org = cut(step.inbound.org);
  const auto key = join(org, cut(alert_name));
  const bool full = step.state.unrouted.size() >= unrouted_max && step.state.unrouted.find(key) == nullptr;
  auto& row = step.state.unrouted.modify(full ? join(org, "") : key);
  ++row.count;
  row.reason = cut(reason);
  row.at_us = step.inbound.now.us;
}

void on_alert_raised(const Step& step, const schema::AlertRaised& raised) {
  const auto service = text(raised.service());
  const auto fault = fault_of(step.inbound, service, text(raised.name()), text(raised.fingerprint()));
  if (!fault.empty()) return count_unrouted(step, text(raised.name()), fault);
  const auto alert_key = join(step.inbound.key, text(raised.fingerprint()));
  const auto* known = step.state.alerts.find(alert_key);
  if (known != nullptr && raised.starts_at_us() < known->starts_at_us) return;
  if (known != nullptr && raised.starts_at_us() == known->starts_at_us && known->resolved) return;
  const bool repeats = known != nullptr && raised.starts_at_us() == known->starts_at_us;
  auto* alert = row_for(step, alert_key, text(raised.name()));
  if (alert == nullptr) return;
  // A repeat changes nothing but what the next application will report.
  alert->value_milli = raised.value_milli();
  alert->queue_depth = raised.queue_depth();
  if (!repeats) begin_firing(step, alert_key, *alert, raised);
}

void on_alert_resolved(const Step& step, const schema::AlertResolved& resolved) {
  const auto fault =
      fault_of(step.inbound, text(resolved.service()), text(resolved.name()), text(resolved.fingerprint()));
  if (!fault.empty()) return count_unrouted(step, text(resolved.name()), fault);
  const auto alert_key = join(step.inbound.key, text(resolved.fingerprint()));
  const auto* known = step.state.alerts.find(alert_key);
  if (known != nullptr && resolved.starts_at_us() < known->starts_at_us) return;
  if (known != nullptr && resolved.starts_at_us() == known->starts_at_us && known->resolved) return;
  auto* alert = row_for(step, alert_key, text(resolved.name()));
  if (alert == nullptr) return;
  if (!alert->resolved) clear(step, alert_key, *alert);
  alert->name = text(resolved.name());
  alert->starts_at_us = resolved.starts_at_us();
  alert->resolved = true;
  step.outbox.wake(timer_key(forget_timer, alert_key), step.inbound.now + tombstone_age);
}

void on_alert_unroutable(const Step& step, const schema::AlertUnroutable& unroutable) {
  count_unrouted(step, text(unroutable.name()), text(unroutable.reason()));
}

void on_timer_fired(const Step& step, const schema::TimerFired& fired) {
  const auto key = text(fired.key());
  if (key.starts_with(forget_timer)) return forget(step, key.substr(forget_timer.size()));
  if (!key.starts_with(every_timer)) return;
  const auto alert_key = key.substr(every_timer.size());
  auto* alert = step.state.alerts.find_to_modify(alert_key);
  // Without its rule the alert waits, as one that never had a rule, until the service is applied again.
  if (alert != nullptr && !alert->resolved) apply_rule(step, alert_key, *alert);
}

void apply_rules_to_waiting_alerts(const Step& step, std::string_view service_key) {
  std::vector<std::string> waiting;
  step.state.alerts.each(join(service_key, ""), [&](std::string_view key, const schema::FiringAlertT& alert) {
    if (!alert.resolved && !alert.armed) waiting.emplace_back(key);
    return true;
  });
  for (const auto& key : waiting) apply_rule(step, key, *step.state.alerts.find_to_modify(key));
}

}  // namespace virtscale::signal
