#include "replay/postmortem/business_days.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "replay/command.hpp"
#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

std::chrono::sys_days day(std::string_view text) {
  return std::chrono::sys_days(std::chrono::days(parse_instant(text)->us / 86'400'000'000));
}

Calendar calendar_of(const std::string& content) {
  const std::filesystem::path file = testing::TempDir() + "calendar.yml";
  std::ofstream(file) << content;
  return read_calendar(file);
}

TEST(BusinessDays, LeaveOutWeekends) {
  EXPECT_EQ(to_text(business_day_after(day("2026-04-21"), 10, {})), "2026-05-05");
  EXPECT_EQ(to_text(business_day_after(day("2026-04-24"), 1, {})), "2026-04-27") << "Friday to Monday";
}

TEST(BusinessDays, LeaveOutHolidaysOfTheCalendar) {
  const auto calendar = calendar_of("name: Germany\nzone: Europe/Berlin\nholidays:\n- 2026-05-01  # Labour Day\n");
  EXPECT_EQ(calendar.name, "Germany");
  EXPECT_EQ(to_text(business_day_after(day("2026-04-21"), 10, calendar)), "2026-05-06");
}

TEST(BusinessDays, BeginOnTheDayOfTheCalendarsZone) {
  const auto calendar = calendar_of("zone: Pacific/Auckland\n");
  EXPECT_EQ(to_text(day_of(*parse_instant("2026-04-21T02:14:00Z"), calendar)), "2026-04-21");
  EXPECT_EQ(to_text(day_of(*parse_instant("2026-04-21T14:00:00Z"), calendar)), "2026-04-22");
  EXPECT_EQ(to_text(day_of(*parse_instant("2026-04-21T14:00:00Z"), {})), "2026-04-21");
}

TEST(BusinessDays, NameTheLineOfACalendarThatCannotBeRead) {
  for (const auto* wrong : {"name: x\n2026-13-01\n", "name: x\nzone: Mars/Olympus\n", "name: x\n- soon\n"}) {
    try {
      calendar_of(wrong);
      FAIL() << wrong;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("calendar.yml:2: ")) << wrong;
    }
  }
  EXPECT_THROW(read_calendar("no such file"), UsageError);
}

}  // namespace
}  // namespace virtscale::replay
