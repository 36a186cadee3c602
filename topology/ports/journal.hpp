// The journal: structured lines about what a process does, for people and their log collectors.
//
// Called journal since *the log* is the log of events (log.hpp). The one thing to know: no secret is ever written, and
// what comes from outside is bounded and escaped by the implementation, so that one entry is always one line.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "topology/contract/event.hpp"

namespace virtscale {

enum class Severity : std::uint8_t { debug, info, warning, error };

/// One more field of an entry: a name in snake_case, and text.
struct JournalField {
  std::string_view name;
  std::string_view value;
};

/// One thing that happened. Borrowed until `write` returns.
struct JournalEntry {
  Severity severity = Severity::info;
  std::string_view stage{};  ///< empty: the process as a whole
  ScaleId scale{};           ///< the scale event; 0: none
  std::string_view message;  ///< one sentence; what varies stands in `fields`
  std::initializer_list<JournalField> fields{};
};

/// Thread-safe; never throws.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual void write(const JournalEntry& entry) noexcept = 0;
};

}  // namespace virtscale
