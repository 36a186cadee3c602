#include "stages/dataplane/events.hpp"

namespace virtscale::dataplane {

std::optional<Inbox> decode(const Inbound& inbound) {
  const auto* event = schema::GetEvent(inbound.event.data());
  switch (event->body_type()) {
    case schema::Body::DomainStarted:
      return event->body_as_DomainStarted();
    case schema::Body::DomainRetired:
      return event->body_as_DomainRetired();
    case schema::Body::LivenessPassed:
      return event->body_as_LivenessPassed();
    case schema::Body::LivenessFailed:
      return event->body_as_LivenessFailed();
    case schema::Body::BackendAdded:
      return event->body_as_BackendAdded();
    case schema::Body::BackendRefused:
      return event->body_as_BackendRefused();
    case schema::Body::BackendDrained:
      return event->body_as_BackendDrained();
    case schema::Body::DrainFailed:
      return event->body_as_DrainFailed();
    case schema::Body::LoadBalancerRestarted:
      return event->body_as_LoadBalancerRestarted();
    case schema::Body::StraysFound:
      return event->body_as_StraysFound();
    case schema::Body::TimerFired:
      return event->body_as_TimerFired();
    default:
      return std::nullopt;
  }
}

}  // namespace virtscale::dataplane
