// A gap: the place in a lane where an event is missing, and what stands there instead.
//
// The one thing to know: it is looked into once, for the divergence that is reported, so it may read what it likes.
#pragma once

#include "replay/log_source.hpp"
#include "replay/verify/divergence.hpp"
#include "replay/verify/lane.hpp"

namespace virtscale::replay {

/// Where to look for an event that is missing.
struct Gap {
  LanePlace place;
  std::uint64_t number = 0;
  std::uint64_t from = 0;  ///< offsets of the target
  std::uint64_t until = 0;
};

/// Records that are looked at where an event is missing; the rest of a longer gap is not.
inline constexpr std::size_t suspects_max = 4'096;

/// Adds to the divergence what was changed in the gap, or where the missing event stands out of its order; its place is
/// then that record's. Throws LogError.
void look_into_gap(const Gap& gap, const LogSource& source, Lanes& lanes, Divergence& divergence);

/// Whether the hash of an event that came from outside is not that of its bytes. Foreign producers need not fill it in:
/// then it is 0.
bool is_altered(Bytes value, const schema::Event& event);

/// The record, kept.
KeptRecord kept_of(const LogRecord& record);

}  // namespace virtscale::replay
