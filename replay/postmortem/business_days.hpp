// Business days: by which day a postmortem is due, by the calendar of its org.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "replay/postmortem/calendar.hpp"
#include "topology/contract/units.hpp"

namespace virtscale::replay {

/// A postmortem is due so many business days after the day of the event: a term of the product.
inline constexpr int business_days_due = 10;

/// The day that `at` is in the calendar's zone. For one thread: it sets the environment's TZ.
std::chrono::sys_days day_of(Instant at, const Calendar& calendar);
/// The `count`-th business day after `day`.
std::chrono::sys_days business_day_after(std::chrono::sys_days day, int count, const Calendar& calendar);
/// Holidays after `from` and before `to` that fall on no weekend: those that the count leaves out.
std::vector<std::chrono::sys_days> holidays_between(std::chrono::sys_days from, std::chrono::sys_days to,
                                                    const Calendar& calendar);

/// `2026-05-05`.
std::string to_text(std::chrono::sys_days day);

}  // namespace virtscale::replay
