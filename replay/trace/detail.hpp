// What a trace says of one record, in words: the same for the terminal and for the page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/decision/trace.hpp"

namespace virtscale::replay {

/// One line below a record.
struct Detail {
  enum class Kind : std::uint8_t { says, asks, sets, made, changed, gone };
  Kind kind;
  std::string text;
};

/// `says`, `asks`, …
std::string_view name_of(Detail::Kind kind);

/// Longer values are cut; `--json` has all.
inline constexpr std::size_t detail_bytes_max = 400;

/// The line of a record itself.
struct RecordHead {
  std::string since;  ///< `+12.296 s` since the first record
  std::string name;   ///< of the event
  std::string place;  ///< `signals/0@815`
  std::string by;     ///< who wrote it, and what it answers
};
RecordHead head_of(const Trace& trace, const TracedRecord& record);

/// What it says, asked for, and changed; the host's own books only where they are timers.
std::vector<Detail> details_of(const Trace& trace, const TracedRecord& record);

/// What the whole came to, from the ledger lines; and how far the trace goes.
std::vector<std::string> summary_of(const Trace& trace);

}  // namespace virtscale::replay
