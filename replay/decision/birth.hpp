// Where a scale event begins: the record whose fold emitted its first event.
//
// The one thing to know: a scale event's id is a hash of its first event's id, which is a place in the log. So the
// place is found by hashing the places that there are, about four million a second, without reading a record; and only
// those of the parts that an index names, where there is one.
#pragma once

#include <optional>

#include "replay/causes.hpp"
#include "replay/index/state_index.hpp"

namespace virtscale::replay {

/// Of the events that one record emits, the first so many are tried as the first of a scale event. What begins later
/// (many alerts that waited for one service's document) is found by reading.
inline constexpr std::uint32_t birth_index_end = 2;

/// The id of the first event of the scale event; nothing if no record of the log emitted it. Throws LogError and
/// IndexError.
std::optional<EventId> find_birth(Log& log, StateIndex& index, ScaleId scale);

}  // namespace virtscale::replay
