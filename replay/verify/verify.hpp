// The proof of a log: every stage folded again, every event that it emits beside the one that was recorded.
//
// The one thing to know: events are paired by lane number, so copies that a crash left in the log are told from events,
// and an event that is missing, added or out of its order is told from one that differs.
#pragma once

#include <functional>
#include <limits>

#include "replay/history.hpp"
#include "replay/log_source.hpp"
#include "replay/verify/divergence.hpp"
#include "topology/contract/note.hpp"

namespace virtscale::replay {

struct VerifyOptions {
  /// What is compared: records from this time on, and before that one. All before is folded, since state comes from it.
  Instant from{std::numeric_limits<std::int64_t>::min()};
  Instant to{std::numeric_limits<std::int64_t>::max()};
  std::string org{};                               ///< only events of this org are compared; empty: all
  std::optional<std::vector<VerifierKey>> keys{};  ///< that signed; without them no signature is checked
  /// Told from time to time how many records were seen, and of how many.
  std::function<void(std::uint64_t seen, std::uint64_t expected)> progress{};
  /// Told of each record after it was folded, and of its step while that is whole.
  std::function<void(Refold& refold, const LogRecord& record, const Step& step)> folded{};
};

/// What was compared.
struct VerifyReport {
  std::uint64_t records = 0;           ///< read, of all topics
  std::uint64_t events = 0;            ///< emitted by folds and found in the log
  std::uint64_t lines = 0;             ///< of ledgers
  std::uint64_t checkpoints = 0;       ///< whose root was checked
  std::uint64_t signatures = 0;        ///< of checkpoints, that were checked
  std::uint64_t duplicates = 0;        ///< copies of events, each the same to the byte
  std::uint64_t rejected = 0;          ///< records that went to `deadletters`
  std::uint64_t not_yet_recorded = 0;  ///< emitted at the very end: a crash came before they were appended
  double seconds = 0;
  std::optional<Divergence> divergence;  ///< the first in time
};

/// Folds with `refolds`, one for each partition of every stage (make_refolds; a test may plant others). Throws LogError
/// and SnapshotError.
VerifyReport verify(LogSource& source, std::vector<std::unique_ptr<Refold>> refolds, const VerifyOptions& options);

}  // namespace virtscale::replay
