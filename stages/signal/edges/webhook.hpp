// Alertmanager's webhook, version 4, as events: one for each alert, none lost.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schemas/codec.hpp"

namespace virtscale::signal {

/// One body may hold as many alerts; Alertmanager groups far fewer.
inline constexpr std::size_t alerts_max = 10'000;
inline constexpr std::size_t labels_max = 1'000;
inline constexpr std::size_t text_bytes_max = 65'536;
/// What is kept of an alert that cannot be routed; the rest of its record must fit as well.
inline constexpr std::size_t payload_bytes_max = 900'000;

using AlertEvent = std::variant<schema::AlertRaisedT, schema::AlertResolvedT, schema::AlertUnroutableT>;

/// What was read; or, if `fault` is not empty, what is wrong and where (`alerts[3].startsAt: ...`), and no events.
struct Webhook {
  std::vector<AlertEvent> events;
  std::string fault;
};

/// An alert's service is its label `service`, or `pool` without `vm-pool/`; an alert without one, or with a name that
/// no service can have, becomes AlertUnroutable. Its value is the annotation or else the label `value`; 0 if that is no
/// number. Alerts that Alertmanager has left out (`truncatedAlerts`) are one more AlertUnroutable.
Webhook read_webhook(std::string_view body);

}  // namespace virtscale::signal
