// The calendar of an org as the log had it at a moment: holidays, and the time zone that they are of.
//
// The one thing to know: it is an input of the deadline, so it comes from the log and from nowhere else; whoever reads
// the document can count again.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "replay/decision/trace.hpp"
#include "replay/log_source.hpp"

namespace virtscale::replay {

/// Weekends are Saturday and Sunday in every calendar.
struct Calendar {
  std::string name;                          ///< empty: the log had none, and only weekends are left out
  std::int64_t version = 0;                  ///< 0 without a name
  std::string zone = "UTC";                  ///< IANA name: which day an instant belongs to
  std::set<std::chrono::sys_days> holidays;  ///< at most policy's `holidays_max`
  std::vector<std::string> cites;            ///< the record that applied it; none if that lies before a capsule
};

/// The calendar that was in force for `org` before `until`: what the org applied, folded as policy folds it. Reads the
/// org's partition of `signals` from the beginning of the log, or from behind the snapshots of a capsule. Throws
/// LogError, SnapshotError; std::runtime_error if this machine does not know the calendar's zone.
Calendar calendar_of(const LogSource& source, const std::string& org, Instant until, const OnProgress& progress);

/// `de-berlin, version 3`; empty for none.
std::string name_of(const Calendar& calendar);

}  // namespace virtscale::replay
