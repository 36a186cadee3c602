#include "stages/policy/events.hpp"

namespace virtscale::policy {

std::optional<Inbox> decode(const Inbound& inbound) {
  const auto* event = schema::GetEvent(inbound.event.data());
  switch (event->body_type()) {
    case schema::Body::ScaleWanted:
      return event->body_as_ScaleWanted();
    case schema::Body::AlertCleared:
      return event->body_as_AlertCleared();
    case schema::Body::ServiceApplied:
      return event->body_as_ServiceApplied();
    case schema::Body::ContractApplied:
      return event->body_as_ContractApplied();
    case schema::Body::DomainRunning:
      return event->body_as_DomainRunning();
    case schema::Body::DomainNotStarted:
      return event->body_as_DomainNotStarted();
    case schema::Body::DomainStopped:
      return event->body_as_DomainStopped();
    case schema::Body::MailSent:
      return event->body_as_MailSent();
    case schema::Body::MailFailed:
      return event->body_as_MailFailed();
    case schema::Body::TimerFired:
      return event->body_as_TimerFired();
    case schema::Body::CalendarApplied:
      return event->body_as_CalendarApplied();
    case schema::Body::PostmortemDrafted:
      return event->body_as_PostmortemDrafted();
    case schema::Body::PostmortemClosed:
      return event->body_as_PostmortemClosed();
    default:
      return std::nullopt;
  }
}

}  // namespace virtscale::policy
