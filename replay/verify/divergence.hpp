// A divergence: the place where what was recorded and what the folds decide are not the same, with both sides.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replay/causes.hpp"

namespace virtscale::replay {

/// What kind of thing is wrong.
enum class DivergenceKind : std::uint8_t {
  differs,      ///< the fold emits another event under this lane number
  missing,      ///< the fold emits an event that the log does not have
  unexplained,  ///< the log has an event that no fold emits
  copy,         ///< one lane number stands in the log with two contents
  altered,      ///< a record's hash does not fit its bytes
  halted,       ///< a partition cannot be folded any further
  line,         ///< a ledger's lines are not numbered without a gap
  checkpoint,   ///< a checkpoint is not that of the lines before it, or its signature does not hold
};

/// `differs`, `missing` and so on.
std::string_view name_of(DivergenceKind kind);

/// An event on one side, with its record's key.
struct DivergedEvent {
  std::string key;
  std::vector<std::byte> event;
};

struct Divergence {
  DivergenceKind kind{};
  RecordPlace at;  ///< in the log; of a missing event, where it should stand
  Instant time;    ///< of the record; of a missing event, of the record that caused it
  std::string what;
  std::optional<DivergedEvent> recorded{};
  std::optional<DivergedEvent> folded{};
  std::vector<KeptRecord> led_to{};  ///< oldest first
};

/// For people, several lines: the place, the sentence, both sides decoded, and the records that led to it.
std::string to_text(const Divergence& divergence);
/// The same as one JSON object.
std::string to_json(const Divergence& divergence);

}  // namespace virtscale::replay
