// Causes: from a record back to what led to it, through all topics, to the edge where it began.
//
// The one thing to know: an event's id names the record that caused it, so going back takes one read for each step and
// no search. An answer of the outside was caused by the request that it answers.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "topology/ports/log.hpp"

namespace virtscale::replay {

/// Where a record stands.
struct RecordPlace {
  TopicPartition of;
  std::uint64_t offset = 0;
  friend auto operator<=>(const RecordPlace&, const RecordPlace&) = default;
};

/// A record of the log, kept.
struct KeptRecord {
  RecordPlace at;
  Instant timestamp;
  std::string key;
  std::vector<std::byte> value;
};

/// Chains are far shorter: a domain's life is about twenty records.
inline constexpr std::size_t causes_max = 100;

/// The clocks of two brokers differ by no more than this, so what a record caused may seem to be so much older.
inline constexpr Duration clocks_differ_max = seconds(5);

/// The place of the record that caused the event with this id; nothing for the id of an edge.
std::optional<RecordPlace> cause_of(const EventId& id);
/// The same from the event itself: also from an answer to the record that asked. Nothing for what came from outside.
std::optional<RecordPlace> cause_of(Bytes event);

/// The record at this place; nothing if it is not in the log. Throws LogError.
std::optional<KeptRecord> record_at(Log& log, const RecordPlace& at);

/// The first record of the partition before `end` that is the event with this id of a stage; nothing if there is none,
/// or the log does not have its cause. It is looked for from its cause on: a few reads. Throws LogError.
std::optional<KeptRecord> find_event(Log& log, TopicPartition where, const EventId& id,
                                     std::uint64_t end = std::numeric_limits<std::uint64_t>::max());

/// The records that led to the event, oldest first, as far as the log has them, at most `causes_max`.
std::vector<KeptRecord> causes_of(Log& log, Bytes event);

}  // namespace virtscale::replay
