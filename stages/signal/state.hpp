// What signal remembers: services' rules, alerts that fire or fired lately, schedules, and what could not be routed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"
#include "schemas/state/signal_generated.h"
#include "stages/signal/scaled_service.hpp"
#include "topology/contract/table.hpp"
#include "topology/contract/units.hpp"

namespace virtscale::signal {

/// Rows of alerts that one org may have in one partition, tombstones included: twice what one webhook may hold. What is
/// above it is counted as unrouted.
inline constexpr std::uint32_t alerts_per_org_max = 20'000;
/// Rows of unrouted alerts; what is above is counted under the org alone.
inline constexpr std::size_t unrouted_max = 10'000;
/// A name of an alert as the state keeps it; Prometheus' own names are far shorter.
inline constexpr std::size_t alert_name_bytes_max = 1'024;
/// A fingerprint is 16 hexadecimal digits from Alertmanager; other producers may have longer ones.
inline constexpr std::size_t fingerprint_bytes_max = 256;
/// Reasons and names that are kept for people.
inline constexpr std::size_t note_bytes_max = 256;
/// Copies of a resolved alert are recognised for so long: six times Alertmanager's default `repeat_interval`.
inline constexpr Duration tombstone_age = hours(24);
/// A rule is applied again no more and no less often than this.
inline constexpr Duration every_min = seconds(1);
inline constexpr Duration every_max = hours(24 * 30);
/// A schedule that is due so far ahead of the log's time was ticked by a broken clock.
inline constexpr Duration due_ahead_max = hours(25);

struct State {
  // Out of line, so that what its tables need is compiled once.
  State();
  ~State();

  Table<ScaledService> services{"services"};                ///< key: org/service
  Table<schema::FiringAlertT> alerts{"alerts"};             ///< key: org/service/fingerprint
  Table<schema::AlertCountT> alert_counts{"alert_counts"};  ///< key: org
  Table<schema::AppliedScheduleT> schedules{"schedules"};   ///< key: org/service/cron/zone
  Table<schema::UnroutedAlertT> unrouted{"unrouted"};       ///< key: org/name

  /// All of them, for the host.
  std::vector<AnyTable*> tables();
};

/// The parts, joined by '/'.
std::string join(std::string_view first, std::string_view second);
/// Where a key's first `parts` parts end: `org/service` of an alert's key for 2. The whole key if it has no more.
std::string_view first_parts(std::string_view key, std::size_t parts);
/// The key of a schedule's row.
std::string schedule_key(std::string_view service_key, std::string_view cron, std::string_view zone);

/// The first rule for the alert's name, if there is one. `service` may be null.
std::optional<schema::RuleView> rule_for(const ScaledService* service, std::string_view alert_name);
/// The rule for this schedule, if there is one. `service` may be null.
std::optional<schema::RuleView> rule_at(const ScaledService* service, std::string_view cron, std::string_view zone);

}  // namespace virtscale::signal
