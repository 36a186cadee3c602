// Cron expressions of five fields, over local time that knows no zone; calendar/zone.hpp knows zones.
//
// The one thing to know: if day of month and day of week are both restricted, a day that matches either is taken
// (POSIX crontab); a field that begins with `*` restricts nothing in this sense, as in Vixie's cron.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stages/signal/calendar/zone.hpp"
#include "topology/contract/units.hpp"

namespace virtscale::signal {

/// Longer expressions are no schedules.
inline constexpr std::size_t cron_bytes_max = 256;

/// The minutes that a cron expression names. Fields as sets of bits, the n-th for the value n.
struct Cron {
  std::uint64_t minutes = 0;                                          ///< 0 to 59
  std::uint64_t hours = 0;                                            ///< 0 to 23
  std::uint64_t days = 0;                                             ///< of the month, 1 to 31
  std::uint64_t months = 0;                                           ///< 1 to 12
  std::uint64_t weekdays = 0;                                         ///< 0 (Sunday) to 6
  enum class Days : std::uint8_t { both, either } rule = Days::both;  ///< what a day must match: see above

  /// The first named minute after `minute`, both in local minutes since 1970; nothing if there is none in nine years,
  /// the longest time between two leap days and then some.
  std::optional<std::int64_t> next(std::int64_t minute) const;
};

/// Reads lists, ranges, steps, and names (`jan`, `mon`; any case); 7 is Sunday as well. Nothing if `text` is no such
/// expression or names no minute at all: `fault` then says which field and why.
std::optional<Cron> parse_cron(std::string_view text, std::string& fault);

/// The first instant after `after` at which the schedule is due in the zone. A local time that does not exist is due at
/// the moment after the gap, one that exists twice is due once, at the first.
std::optional<Instant> next_due(const Cron& cron, const Zone& zone, Instant after);

}  // namespace virtscale::signal
