// Business days: by which day a postmortem is due, by a named calendar of holidays and a time zone.
//
// The one thing to know: the calendar is named in the document, so that whoever reads it can count again.
#pragma once

#include <chrono>
#include <filesystem>
#include <set>
#include <string>

#include "topology/contract/units.hpp"

namespace virtscale::replay {

/// A postmortem is due so many business days after the day of the event: a term of the product.
inline constexpr int business_days_due = 10;

/// Weekends are Saturday and Sunday in every calendar.
struct Calendar {
  std::string name = "weekends only";
  std::string zone = "UTC";  ///< IANA name: which day an instant belongs to
  std::set<std::chrono::sys_days> holidays;
};

/// More holidays than these are no calendar: fifty years of two dozen.
inline constexpr std::size_t holidays_max = 1'200;

/// Reads a calendar: lines `name: TEXT`, `zone: Europe/Berlin`, and one date a line, `2026-05-01`, with or without
/// `- ` before it and a remark behind `#`; `holidays:` may stand before the dates, so that the file is YAML too.
/// Without a name it has the file's. Throws UsageError with file and line.
Calendar read_calendar(const std::filesystem::path& file);

/// The day that `at` is in the calendar's zone.
std::chrono::sys_days day_of(Instant at, const Calendar& calendar);
/// The `count`-th business day after `day`.
std::chrono::sys_days business_day_after(std::chrono::sys_days day, int count, const Calendar& calendar);

/// `2026-05-05`.
std::string to_text(std::chrono::sys_days day);

}  // namespace virtscale::replay
