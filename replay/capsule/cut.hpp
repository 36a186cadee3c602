// A cut: some records of a log, and the state of every partition before them.
//
// The one thing to know: how much is needed is not known beforehand, so there are scopes, from the narrowest on; the
// first whose records, folded from its states, give the recorded events is taken (rebuild.hpp).
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "replay/capsule/rows.hpp"
#include "replay/causes.hpp"
#include "replay/index/state_index.hpp"

namespace virtscale::replay {

/// How much around the subject is taken.
enum class Scope : std::uint8_t {
  thread,  ///< the records of one scale event, and what caused them
  org,     ///< all records of its org in that time
  window,  ///< all records in that time, with the state of the orgs that they are about
  whole,   ///< the same with all state
};
/// For the manifest, such as `thread`.
std::string_view name_of(Scope scope);

/// More records than this do not fit into a segment of 2 GiB with the usual sizes of events.
inline constexpr std::size_t cut_records_max = 5'000'000;

/// A moment in the order of a log.
struct Moment {
  Instant at;
  Ticket ticket = 0;
  friend auto operator<=>(const Moment&, const Moment&) = default;
};

/// What a capsule is about. `first` and `last` are in it.
struct Subject {
  std::string org{};               ///< empty: all
  std::set<RecordPlace> thread{};  ///< of one scale event; empty: a range of time
  Moment first{{std::numeric_limits<std::int64_t>::min()}, 0};
  Moment last{{std::numeric_limits<std::int64_t>::max()}, std::numeric_limits<Ticket>::max()};
};

/// Told from time to time how many records were seen, and of how many; may be empty.
using Watch = std::function<void(std::uint64_t seen, std::uint64_t expected)>;

struct Cut {
  std::vector<KeptRecord> records;                  ///< in the order of the log, without copies
  std::map<TopicPartition, PartitionState> states;  ///< by inbox; where records are kept, before the first of them
};

/// When the record was appended.
Moment moment_of(const LogRecord& record);
/// A copy of the record.
KeptRecord kept(const LogRecord& record);

/// Takes what the scope says, which is not `thread` (thread.hpp): folds the log from the subject's beginning to its
/// end. Throws as fold_to does, and UsageError if it is too much.
Cut take_cut(Log& log, StateIndex& index, const Subject& subject, Scope scope, const Watch& watch);

}  // namespace virtscale::replay
