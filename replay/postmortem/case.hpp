// A case: what a postmortem is about, gathered from the log: the scale events themselves, and what was around them.
//
// The one thing to know: nothing here is an opinion. Each fact keeps the place of its record, to be cited.
#pragma once

#include <string>
#include <vector>

#include "replay/decision/ledger_line.hpp"
#include "replay/decision/trace.hpp"
#include "replay/log_source.hpp"

namespace virtscale::replay {

/// A ledger line and where it stands.
struct LineAt {
  LedgerLine line;
  std::string text;
  Instant at;
  RecordPlace place;
};

/// A decision about the org's services, as policy made it.
struct DecisionAt {
  schema::ScaleDecidedT decided;
  ScaleId scale;
  Instant at;
  RecordPlace place;
};

/// How many replicas there were from then on.
struct ReplicasAt {
  std::string service;
  std::int64_t replicas = 0;
  Instant at;
  RecordPlace place;
};

/// What an alert reported.
struct ValueAt {
  std::string service;
  std::string name;
  std::int64_t value_milli = 0;
  std::int64_t queue_depth = -1;
  bool resolved = false;
  Instant at;
  RecordPlace place;
};

/// A document that was applied.
struct ApplyAt {
  std::string what;  ///< `Contract acme-tickets, version 2`
  Instant at;
  RecordPlace place;
};

/// Changes of documents are looked for so long before the first signal; p50 and p99 are over the same time.
inline constexpr Duration before_looked_at = hours(24);
/// What is around an event in the pictures.
inline constexpr Duration around_shown = seconds(900);
/// A postmortem of a range is about so many scale events at most: more is a report, not a postmortem.
inline constexpr std::size_t case_events_max = 200;

struct Case {
  std::string org;
  std::string service;        ///< of the first event; pictures are of it
  std::vector<Trace> traces;  ///< in the order of their ledger lines
  std::vector<LineAt> lines;  ///< of these
  bool is_cut = false;        ///< the log is a capsule: what is not in it may have been all the same
  Instant begin;              ///< the first signal
  Instant end;                ///< the last line
  std::vector<DecisionAt> decisions;
  std::vector<ReplicasAt> admissions;  ///< admitted by policy, without those that failed
  std::vector<ReplicasAt> servings;    ///< that serve
  std::vector<ValueAt> values;
  std::vector<ApplyAt> applied;
  std::vector<std::int64_t> elapsed_us;  ///< of all admitted scale events of the org in the day before, sorted
};

/// The case of one scale event; and of all of an org whose lines were written in [from, to). Throws LogError, NotFound;
/// UsageError for a range with more than `case_events_max`.
Case case_of(const LogSource& source, ScaleId scale, const OnProgress& progress);
Case case_of(const LogSource& source, const std::string& org, Instant from, Instant to, const OnProgress& progress);

/// `evt-…`.
std::string name_of(const Trace& trace);
/// The line's own trace.
const Trace& trace_of(const Case& of, const LineAt& line);

}  // namespace virtscale::replay
