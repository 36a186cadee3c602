// One step of the fold: what each on_<event> function is given, and the emissions that they share.
#pragma once

#include <string_view>

#include "stages/signal/events.hpp"
#include "stages/signal/state.hpp"

namespace virtscale::signal {

/// Everything is borrowed until the step ends.
struct Step {
  State& state;
  const Inbound& inbound;
  Outbox& outbox;
};

/// Emits a wish on `signals`; it begins a scale event of its own.
void want(const Step& step, schema::ScaleWantedT wish);

/// What a producer outside may get wrong about where a record belongs: keys and rows are made of these parts, so none
/// may hold the separator. Empty if all is well.
std::string_view fault_of_route(const Inbound& inbound, std::string_view service);

/// Counts what could not be routed, with the latest reason.
void count_unrouted(const Step& step, std::string_view alert_name, std::string_view reason);

// fold_alerts.cpp
void on_alert_raised(const Step& step, const schema::AlertRaised& raised);
void on_alert_resolved(const Step& step, const schema::AlertResolved& resolved);
void on_alert_unroutable(const Step& step, const schema::AlertUnroutable& unroutable);
void on_timer_fired(const Step& step, const schema::TimerFired& fired);
/// Applies the rules that now match to the service's firing alerts that none matched before.
void apply_rules_to_waiting_alerts(const Step& step, std::string_view service_key);

// fold.cpp
void on_scale_requested(const Step& step, const schema::ScaleRequested& requested);
void on_schedule_due(const Step& step, const schema::ScheduleDue& due);
void on_service_applied(const Step& step, const schema::ServiceApplied& applied);

}  // namespace virtscale::signal
