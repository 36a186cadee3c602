#include "stages/audit/events.hpp"

namespace virtscale::audit {

std::optional<Inbox> decode(const Inbound& inbound) {
  const auto* event = schema::GetEvent(inbound.event.data());
  switch (event->body_type()) {
    case schema::Body::ScaleDecided:
      return event->body_as_ScaleDecided();
    case schema::Body::ScaleAnswered:
      return event->body_as_ScaleAnswered();
    case schema::Body::RefusalEnded:
      return event->body_as_RefusalEnded();
    case schema::Body::DocumentFolded:
      return event->body_as_DocumentFolded();
    case schema::Body::OwnerNotified:
      return event->body_as_OwnerNotified();
    case schema::Body::DomainPlaced:
      return event->body_as_DomainPlaced();
    case schema::Body::DomainServing:
      return event->body_as_DomainServing();
    case schema::Body::DomainFailed:
      return event->body_as_DomainFailed();
    case schema::Body::DomainRemoved:
      return event->body_as_DomainRemoved();
    case schema::Body::CheckpointSigned:
      return event->body_as_CheckpointSigned();
    default:
      return std::nullopt;
  }
}

}  // namespace virtscale::audit
