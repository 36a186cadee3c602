// Alertmanager's webhook. Properties: there are events or a fault, never both; each event can be encoded, is within the
// bounds of the log, and names what signal can route; no alert is lost.
#include "stages/signal/edges/text.hpp"
#include "stages/signal/edges/webhook.hpp"
#include "tests/fuzz/input.hpp"
#include "topology/ports/log.hpp"

namespace virtscale::fuzz {
namespace {

template <class Event>
void check_routed(const Event& event) {
  if constexpr (requires { event.service; }) {
    check(signal::is_name(event.service), "an alert that is routed names a service", event.service);
    check(!event.fingerprint.empty() && !event.name.empty(), "an alert that is routed can be told from others");
  } else {
    check(!event.reason.empty(), "an alert that is not routed says why");
  }
}

void check_event(const signal::AlertEvent& alert) {
  std::visit(
      [](const auto& event) {
        const auto encoded = schema::encode(event, "acme");
        check(schema::verify_event(encoded) != nullptr, "an alert is an Event");
        check(encoded.size() <= event_bytes_max, "an alert is within the bound of an event");
        check_routed(event);
      },
      alert);
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  const auto webhook = signal::read_webhook(fuzz::Input(data, size).rest());
  fuzz::check(webhook.fault.empty() || webhook.events.empty(), "a fault leaves no events", webhook.fault);
  fuzz::check(webhook.events.size() <= signal::alerts_max + 1, "there are at most 10,000 alerts and what was left out");
  for (const auto& event : webhook.events) fuzz::check_event(event);
  return 0;
}
