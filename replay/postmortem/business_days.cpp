#include "replay/postmortem/business_days.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace virtscale::replay {
namespace {

bool is_weekend(std::chrono::sys_days day) {
  const std::chrono::weekday weekday(day);
  return weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
}

}  // namespace

std::chrono::sys_days day_of(Instant at, const Calendar& calendar) {
  // The C library knows the zones, and takes the one to use from the environment only.
  setenv("TZ", calendar.zone.c_str(), 1);
  tzset();
  const auto second = static_cast<std::time_t>(at.us / 1'000'000);
  std::tm local{};
  localtime_r(&second, &local);
  return std::chrono::sys_days(std::chrono::year(local.tm_year + 1'900) / (local.tm_mon + 1) / local.tm_mday);
}

std::chrono::sys_days business_day_after(std::chrono::sys_days day, int count, const Calendar& calendar) {
  while (count > 0) {
    day += std::chrono::days(1);
    if (!is_weekend(day) && !calendar.holidays.contains(day)) --count;
  }
  return day;
}

std::vector<std::chrono::sys_days> holidays_between(std::chrono::sys_days from, std::chrono::sys_days to,
                                                    const Calendar& calendar) {
  std::vector<std::chrono::sys_days> left_out;
  for (const auto day : calendar.holidays) {
    if (day > from && day < to && !is_weekend(day)) left_out.push_back(day);
  }
  return left_out;
}

std::string to_text(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace virtscale::replay
