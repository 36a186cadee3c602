// What audit is told: the alphabet of its inbox, `outcomes`.
#pragma once

#include <optional>
#include <variant>

#include "schemas/codec.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::audit {

/// What the fold takes. The pointers are borrowed from the record.
using Inbox = std::variant<const schema::ScaleDecided*, const schema::ScaleAnswered*, const schema::RefusalEnded*,
                           const schema::DocumentFolded*, const schema::OwnerNotified*, const schema::DomainPlaced*,
                           const schema::DomainServing*, const schema::DomainFailed*, const schema::DomainRemoved*,
                           const schema::CheckpointSigned*>;

/// The body of the record; nothing for one that the fold has no part in, such as `FoldActivated`.
std::optional<Inbox> decode(const Inbound& inbound);

}  // namespace virtscale::audit
