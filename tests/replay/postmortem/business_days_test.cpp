#include "replay/postmortem/business_days.hpp"

#include <gtest/gtest.h>

#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

std::chrono::sys_days day(std::string_view text) {
  return std::chrono::sys_days(std::chrono::days(parse_instant(text)->us / 86'400'000'000));
}

Calendar calendar_of(std::string zone, std::vector<std::string> holidays = {}) {
  Calendar calendar{"de-berlin", 1, std::move(zone), {}, {}};
  for (const auto& holiday : holidays) calendar.holidays.insert(day(holiday));
  return calendar;
}

TEST(BusinessDays, LeaveOutWeekends) {
  EXPECT_EQ(to_text(business_day_after(day("2026-04-21"), 10, {})), "2026-05-05");
  EXPECT_EQ(to_text(business_day_after(day("2026-04-24"), 1, {})), "2026-04-27") << "Friday to Monday";
}

TEST(BusinessDays, LeaveOutHolidaysOfTheCalendar) {
  const auto calendar = calendar_of("Europe/Berlin", {"2026-05-01", "2026-05-02", "2026-05-14"});
  EXPECT_EQ(to_text(business_day_after(day("2026-04-21"), 10, calendar)), "2026-05-06");
  const auto left_out = holidays_between(day("2026-04-21"), day("2026-05-06"), calendar);
  ASSERT_EQ(left_out.size(), 1U) << "one is on a Saturday, and one comes later";
  EXPECT_EQ(to_text(left_out.front()), "2026-05-01");
}

TEST(BusinessDays, BeginOnTheDayOfTheCalendarsZone) {
  const auto auckland = calendar_of("Pacific/Auckland");
  EXPECT_EQ(to_text(day_of(*parse_instant("2026-04-21T02:14:00Z"), auckland)), "2026-04-21");
  EXPECT_EQ(to_text(day_of(*parse_instant("2026-04-21T14:00:00Z"), auckland)), "2026-04-22");
  EXPECT_EQ(to_text(day_of(*parse_instant("2026-04-21T14:00:00Z"), {})), "2026-04-21");
}

}  // namespace
}  // namespace virtscale::replay
