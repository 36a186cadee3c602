#include "stages/signal/events.hpp"

namespace virtscale::signal {

std::optional<Inbox> decode(const Inbound& inbound) {
  const auto* event = schema::GetEvent(inbound.event.data());
  switch (event->body_type()) {
    case schema::Body::AlertRaised:
      return event->body_as_AlertRaised();
    case schema::Body::AlertResolved:
      return event->body_as_AlertResolved();
    case schema::Body::AlertUnroutable:
      return event->body_as_AlertUnroutable();
    case schema::Body::ScaleRequested:
      return event->body_as_ScaleRequested();
    case schema::Body::ScheduleDue:
      return event->body_as_ScheduleDue();
    case schema::Body::ServiceApplied:
      return event->body_as_ServiceApplied();
    case schema::Body::TimerFired:
      return event->body_as_TimerFired();
    default:
      return std::nullopt;
  }
}

}  // namespace virtscale::signal
