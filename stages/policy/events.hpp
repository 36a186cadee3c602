// The alphabet of the policy stage's inbox.
#pragma once

#include <optional>
#include <variant>

#include "schemas/codec.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::policy {

/// What the fold takes. The pointers are borrowed from the record.
using Inbox = std::variant<const schema::ScaleWanted*, const schema::AlertCleared*, const schema::ServiceApplied*,
                           const schema::ContractApplied*, const schema::DomainRunning*,
                           const schema::DomainNotStarted*, const schema::DomainStopped*, const schema::MailSent*,
                           const schema::MailFailed*, const schema::TimerFired*, const schema::CalendarApplied*,
                           const schema::PostmortemDrafted*, const schema::PostmortemClosed*>;

/// The event of a record; nothing for one that the fold has no part in, such as `FoldActivated`.
std::optional<Inbox> decode(const Inbound& inbound);

/// The text of an optional field; empty if it is absent. Borrowed from the record.
inline std::string_view text(const flatbuffers::String* field) {
  return field == nullptr ? std::string_view{} : std::string_view(field->data(), field->size());
}

}  // namespace virtscale::policy
