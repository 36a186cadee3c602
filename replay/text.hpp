// How replay says things: instants, places in the log, events and tables, the same in every command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/event.hpp"
#include "topology/contract/units.hpp"

namespace virtscale::replay {

/// `2026-04-21T02:14:00.122456Z`.
std::string to_text(Instant at);
/// The reverse, for people: `2026-04-21T02:14:00Z` with 0 to 6 digits of a fraction and `Z` or `+02:00`, a date alone,
/// or microseconds since 1970 in digits. Nothing if it is none of these.
std::optional<Instant> parse_instant(std::string_view text);

/// `signals/0@815`: topic, partition, offset.
std::string place(TopicPartition of, std::uint64_t offset);
/// `policy/0@815.2`: stage, partition, offset and index of an event's id; `edge` for one of an edge.
std::string to_text(const EventId& id);

/// An Event as JSON: header and body. Bytes that are not one become `{"bytes": …}` with their count.
std::string event_json(Bytes event);
/// The name of an Event's body, or `unreadable`.
std::string_view body_name(Bytes event);

/// Prints columns as wide as their widest cell, two spaces apart; numbers are the caller's to align.
void print_table(const std::vector<std::vector<std::string>>& rows);

/// 12345678 as `12,345,678`.
std::string with_commas(std::uint64_t number);

}  // namespace virtscale::replay
