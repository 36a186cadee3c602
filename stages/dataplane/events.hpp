// The alphabet of the dataplane stage's inbox.
#pragma once

#include <optional>
#include <variant>

#include "schemas/codec.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::dataplane {

/// What the fold takes. The pointers are borrowed from the record.
using Inbox = std::variant<const schema::DomainStarted*, const schema::DomainRetired*, const schema::LivenessPassed*,
                           const schema::LivenessFailed*, const schema::BackendAdded*, const schema::BackendRefused*,
                           const schema::BackendDrained*, const schema::DrainFailed*,
                           const schema::LoadBalancerRestarted*, const schema::StraysFound*, const schema::TimerFired*>;

/// The event of a record; nothing for one that the fold has no part in, such as `FoldActivated`.
std::optional<Inbox> decode(const Inbound& inbound);

}  // namespace virtscale::dataplane
