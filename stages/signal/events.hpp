// The alphabet of signal's inbox, `alerts`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "schemas/codec.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::signal {

/// Every event that this fold answers to. Borrowed from the record.
using Inbox = std::variant<const schema::AlertRaised*, const schema::AlertResolved*, const schema::AlertUnroutable*,
                           const schema::ScaleRequested*, const schema::ScheduleDue*, const schema::ServiceApplied*,
                           const schema::TimerFired*>;

/// The record's event, or nothing if this fold has no use for it (such as FoldActivated, which is the host's).
std::optional<Inbox> decode(const Inbound& inbound);

/// The text of a field; empty if the field is absent.
inline std::string_view text(const flatbuffers::String* field) {
  return field == nullptr ? std::string_view() : std::string_view(field->c_str(), field->size());
}

}  // namespace virtscale::signal
