// The proleptic Gregorian calendar as integers: days since 1970-01-01 and back.
//
// The algorithms are Howard Hinnant's `days_from_civil` and `civil_from_days` (chrono-compatible low-level date
// algorithms), written anew.
#pragma once

#include <cstdint>

namespace virtscale::signal {

inline constexpr std::int64_t minute_s = 60;
inline constexpr std::int64_t hour_s = 3'600;
inline constexpr std::int64_t day_s = 86'400;

/// A day of the calendar: month 1 to 12, day 1 to 31.
struct CivilDay {
  std::int64_t year = 1970;
  int month = 1;
  int day = 1;
};

/// Days since 1970-01-01; negative before. REQUIRES: |year| < 1,000,000 and a month from 1 to 12.
std::int64_t days_of(const CivilDay& day);
/// The reverse. REQUIRES: |days| < 300,000,000.
CivilDay civil_of(std::int64_t days);
/// 0 for Sunday to 6 for Saturday.
int weekday_of(std::int64_t days);
/// 28 to 31.
int days_in_month(std::int64_t year, int month);
/// `value / unit`, rounded down also below zero. REQUIRES: unit > 0.
constexpr std::int64_t floor_div(std::int64_t value, std::int64_t unit) {
  return value / unit - (value % unit < 0 ? 1 : 0);
}

}  // namespace virtscale::signal
