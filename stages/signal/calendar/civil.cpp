#include "stages/signal/calendar/civil.hpp"

namespace virtscale::signal {
namespace {

// Years begin in March, so that the leap day is the last of its year; 400 of them are an era of 146,097 days.
constexpr std::int64_t era_days = 146'097;
constexpr std::int64_t epoch_shift = 719'468;  // days from 0000-03-01 to 1970-01-01

constexpr bool is_leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

}  // namespace

std::int64_t days_of(const CivilDay& day) {
  const auto year = day.year - (day.month <= 2 ? 1 : 0);
  const auto era = floor_div(year, 400);
  const auto year_of_era = year - era * 400;
  const auto month = day.month > 2 ? day.month - 3 : day.month + 9;
  const auto day_of_year = (153 * month + 2) / 5 + day.day - 1;
  return era * era_days + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - epoch_shift;
}

CivilDay civil_of(std::int64_t days) {
  const auto shifted = days + epoch_shift;
  const auto era = floor_div(shifted, era_days);
  const auto day_of_era = shifted - era * era_days;
  const auto year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const auto day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const auto month = static_cast<int>((5 * day_of_year + 2) / 153);
  const auto day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  const auto civil_month = month < 10 ? month + 3 : month - 9;
  return {year_of_era + era * 400 + (civil_month <= 2 ? 1 : 0), civil_month, day};
}

int weekday_of(std::int64_t days) {
  // 1970-01-01 was a Thursday.
  return static_cast<int>(days + 4 - floor_div(days + 4, 7) * 7);
}

int days_in_month(std::int64_t year, int month) {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

}  // namespace virtscale::signal
