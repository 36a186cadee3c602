// What orchestration is told: the alphabet of its inbox, `decisions`.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "schemas/codec.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::orchestration {

using Inbox = std::variant<const schema::CellApplied*, const schema::OrphansFound*, const schema::ScaleAdmitted*,
                           const schema::DomainSpawned*, const schema::SpawnFailed*, const schema::DomainHalted*,
                           const schema::HaltFailed*, const schema::BackendGone*, const schema::BackendFailed*,
                           const schema::TimerFired*>;

/// The body of the record, borrowed from it; nothing if it is none of the alphabet (the host's own events).
inline std::optional<Inbox> decode(const Inbound& inbound) {
  const auto* event = schema::GetEvent(inbound.event.data());
  switch (event->body_type()) {
    case schema::Body::CellApplied:
      return event->body_as_CellApplied();
    case schema::Body::OrphansFound:
      return event->body_as_OrphansFound();
    case schema::Body::ScaleAdmitted:
      return event->body_as_ScaleAdmitted();
    case schema::Body::DomainSpawned:
      return event->body_as_DomainSpawned();
    case schema::Body::SpawnFailed:
      return event->body_as_SpawnFailed();
    case schema::Body::DomainHalted:
      return event->body_as_DomainHalted();
    case schema::Body::HaltFailed:
      return event->body_as_HaltFailed();
    case schema::Body::BackendGone:
      return event->body_as_BackendGone();
    case schema::Body::BackendFailed:
      return event->body_as_BackendFailed();
    case schema::Body::TimerFired:
      return event->body_as_TimerFired();
    default:
      return std::nullopt;
  }
}

/// The text of a field; empty if it is absent.
inline std::string_view text(const flatbuffers::String* field) {
  return field == nullptr ? std::string_view() : std::string_view(field->c_str(), field->size());
}

}  // namespace virtscale::orchestration
