// Cron expressions and time zones, against tables and against the C library's own reading of the same zone files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>

#include "stages/signal/calendar/civil.hpp"
#include "stages/signal/calendar/cron.hpp"

namespace virtscale::signal {
namespace {

Instant utc(int year, int month, int day, int hour = 0, int minute = 0, int second = 0) {
  return {(days_of({year, month, day}) * day_s + hour * hour_s + minute * minute_s + second) * 1'000'000};
}

std::string shown(std::optional<Instant> at) {
  if (!at) return "never";
  const auto seconds = at->us / 1'000'000;
  const auto day = civil_of(floor_div(seconds, day_s));
  char text[64];
  std::snprintf(text, sizeof text, "%lld-%02d-%02dT%02lld:%02lldZ", static_cast<long long>(day.year), day.month,
                day.day, static_cast<long long>(seconds % day_s / hour_s),
                static_cast<long long>(seconds % hour_s / minute_s));
  return text;
}

TEST(Civil, GoesThereAndBackForFourThousandYears) {
  std::int64_t days = days_of({-1, 1, 1});
  for (; days < days_of({4'000, 1, 1}); days += 13) ASSERT_EQ(days_of(civil_of(days)), days);
  EXPECT_EQ(days_of({1970, 1, 1}), 0);
  EXPECT_EQ(days_of({1, 1, 1}), -719'162);
  EXPECT_EQ(weekday_of(days_of({2026, 11, 22})), 0);
  EXPECT_EQ(weekday_of(days_of({1969, 12, 31})), 3);
}

struct Due {
  std::string_view cron;
  std::string_view zone;
  Instant after;
  std::string_view due;
};

struct CronDue : testing::TestWithParam<Due> {};

TEST_P(CronDue, IsTheFirstNamedInstantAfter) {
  std::string fault;
  const auto cron = parse_cron(GetParam().cron, fault);
  ASSERT_TRUE(cron) << fault;
  const auto zone = load_zone(GetParam().zone);
  ASSERT_TRUE(zone);
  EXPECT_EQ(shown(next_due(*cron, *zone, GetParam().after)), GetParam().due) << GetParam().cron;
}

// 2026-03-29 and 2026-10-25 are the changes of the clock in Berlin; 2026-11-22 is a Sunday.
INSTANTIATE_TEST_SUITE_P(
    Table, CronDue,
    testing::Values(Due{"* * * * *", "UTC", utc(2026, 11, 22, 10, 5, 30), "2026-11-22T10:06Z"},
                    Due{"* * * * *", "", utc(2026, 11, 22, 10, 5), "2026-11-22T10:06Z"},
                    Due{"0 8 * * 1-5", "Europe/Berlin", utc(2026, 11, 22, 10), "2026-11-23T07:00Z"},
                    Due{"0 8 * * 1-5", "Europe/Berlin", utc(2026, 7, 3, 6), "2026-07-06T06:00Z"},
                    Due{"0 8 * * mon-fri", "UTC", utc(2026, 11, 22, 10), "2026-11-23T08:00Z"},
                    Due{"0 8 * * FRI-SUN", "UTC", utc(2026, 11, 23, 10), "2026-11-27T08:00Z"},
                    Due{"0 8 * * 7", "UTC", utc(2026, 11, 22, 10), "2026-11-29T08:00Z"},
                    Due{"0 8 * * 0", "UTC", utc(2026, 11, 22, 10), "2026-11-29T08:00Z"},
                    Due{"*/20 9-10,14 * * *", "UTC", utc(2026, 11, 22, 10, 40), "2026-11-22T14:00Z"},
                    Due{"5/25 * * * *", "UTC", utc(2026, 11, 22, 10, 31), "2026-11-22T10:55Z"},
                    Due{"0 0 29 feb *", "UTC", utc(2096, 3, 1), "2104-02-29T00:00Z"},
                    Due{"0 0 31 */1 *", "UTC", utc(2026, 11, 22), "2026-12-31T00:00Z"},
                    Due{"0 0 1 1,jul *", "UTC", utc(2026, 11, 22), "2027-01-01T00:00Z"},
                    // Either the 13th or a Friday; but with a star in one of them, both.
                    Due{"0 0 13 * 5", "UTC", utc(2026, 11, 22), "2026-11-27T00:00Z"},
                    Due{"0 0 */13 * 5", "UTC", utc(2026, 11, 22), "2026-11-27T00:00Z"},
                    Due{"0 0 13 * 5", "UTC", utc(2026, 12, 11), "2026-12-13T00:00Z"},
                    Due{"0 0 */12 * 5", "UTC", utc(2026, 11, 28), "2026-12-25T00:00Z"},
                    // 02:30 does not exist on this day: due at 03:00 local, once.
                    Due{"30 2 * * *", "Europe/Berlin", utc(2026, 3, 28, 12), "2026-03-29T01:00Z"},
                    Due{"30 2 * * *", "Europe/Berlin", utc(2026, 3, 29, 1), "2026-03-30T00:30Z"},
                    Due{"*/15 2 * * *", "Europe/Berlin", utc(2026, 3, 29, 1), "2026-03-30T00:00Z"},
                    Due{"0 3 * * *", "Europe/Berlin", utc(2026, 3, 29, 0, 59), "2026-03-29T01:00Z"},
                    // 02:30 exists twice on this day: due at the first.
                    Due{"30 2 * * *", "Europe/Berlin", utc(2026, 10, 24, 12), "2026-10-25T00:30Z"},
                    Due{"30 2 * * *", "Europe/Berlin", utc(2026, 10, 25, 0, 30), "2026-10-26T01:30Z"},
                    Due{"30 2 * * *", "Europe/Berlin", utc(2026, 10, 25, 1, 10), "2026-10-26T01:30Z"},
                    Due{"* * * * *", "Europe/Berlin", utc(2026, 10, 25, 1, 10), "2026-10-25T02:00Z"},
                    // Beyond the last change in the file its rule holds.
                    Due{"30 2 * * *", "Europe/Berlin", utc(2060, 3, 27, 12), "2060-03-28T01:00Z"},
                    Due{"0 8 * * *", "Europe/Berlin", utc(2060, 7, 1, 12), "2060-07-02T06:00Z"},
                    Due{"0 8 * * *", "Australia/Lord_Howe", utc(2026, 1, 10), "2026-01-10T21:00Z"},
                    // Samoa had no 30th of December in 2011.
                    Due{"0 12 30 12 *", "Pacific/Apia", utc(2011, 12, 29), "2011-12-30T10:00Z"},
                    Due{"0 12 * * *", "Asia/Kathmandu", utc(2026, 1, 1), "2026-01-01T06:15Z"}));

TEST(CronParser, SaysWhatIsWrongWithAnExpression) {
  const auto fault_of = [](std::string_view text) {
    std::string fault;
    EXPECT_FALSE(parse_cron(text, fault)) << text;
    return fault;
  };
  using testing::HasSubstr;
  EXPECT_THAT(fault_of(""), HasSubstr("five fields"));
  EXPECT_THAT(fault_of("* * * *"), HasSubstr("this has 4"));
  EXPECT_THAT(fault_of("* * * * * *"), HasSubstr("this has 6"));
  EXPECT_THAT(fault_of("60 * * * *"), HasSubstr("'60' is no minute"));
  EXPECT_THAT(fault_of("* 24 * * *"), HasSubstr("hour"));
  EXPECT_THAT(fault_of("* * 0 * *"), HasSubstr("day of month"));
  EXPECT_THAT(fault_of("* * * 13 *"), HasSubstr("month"));
  EXPECT_THAT(fault_of("* * * mon *"), HasSubstr("month"));
  EXPECT_THAT(fault_of("* * * * 8"), HasSubstr("day of week"));
  for (const auto* text : {"5-3 * * * *", "*/0 * * * *", "*/-1 * * * *", "1, * * * *", "-1 * * * *", "1--2 * * * *",
                           "1-2-3 * * * *", "a * * * *", "1/2/3 * * * *", "99999999999 * * * *", "*5 * * * *"}) {
    EXPECT_THAT(fault_of(text), HasSubstr("minute")) << text;
  }
  EXPECT_THAT(fault_of("0 0 30 2 *"), HasSubstr("no year has such a day"));
  EXPECT_THAT(fault_of("0 0 31 4,6,9,11 *"), HasSubstr("no year"));
  EXPECT_THAT(fault_of(std::string(300, '*')), HasSubstr("at most 256"));
  EXPECT_THAT(fault_of("\x01 * * * *"), HasSubstr("plain text"));
}

TEST(Zones, AreKnownByTheNamesOfTheDatabaseOnly) {
  EXPECT_TRUE(load_zone("Europe/Berlin"));
  EXPECT_TRUE(load_zone("America/Argentina/Buenos_Aires"));
  EXPECT_TRUE(load_zone("Etc/GMT+5"));
  for (const auto* name : {"Europe/Nowhere", "../../../etc/passwd", "/etc/passwd", "Europe", "Europe/", "tzdata.zi",
                           "Europe//Berlin", " ", "Europe/Berl\xc3\xadn"}) {
    EXPECT_FALSE(load_zone(name)) << name;
  }
  EXPECT_FALSE(load_zone(std::string(65, 'a')));
}

std::string berlin() {
  std::ifstream file(std::string(zone_folder) + "/Europe/Berlin", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Zones, RefuseEveryTruncatedFile) {
  const auto file = berlin();
  ASSERT_TRUE(parse_zone(file));
  for (std::size_t size = 0; size < file.size(); ++size) {
    ASSERT_FALSE(parse_zone(std::string_view(file).substr(0, size))) << size;
  }
}

TEST(Zones, SurviveAnyDamage) {
  const auto sound = berlin();
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    auto file = sound;
    for (unsigned n = 1 + random() % 4; n > 0; --n) file[random() % file.size()] = static_cast<char>(random());
    const auto zone = parse_zone(file);
    if (zone) zone->first_instant_of(zone->local_seconds(utc(2026, 3, 29)));
  }
}

TEST(Zones, AgreeWithTheCLibrary) {
  std::mt19937_64 random(11);
  std::size_t compared = 0;
  for (const auto* name : {"Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe",
                           "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu", "Europe/Dublin", "America/Nuuk"}) {
    ::setenv("TZ", name, 1);
    ::tzset();
    const auto zone = load_zone(name);
    ASSERT_TRUE(zone) << name;
    for (int i = 0; i < 3'000; ++i) {
      const auto at = static_cast<std::time_t>(random() % 3'500'000'000) - 500'000'000;
      std::tm local{};
      ::localtime_r(&at, &local);
      const auto expected = days_of({local.tm_year + 1900, local.tm_mon + 1, local.tm_mday}) * day_s +
                            local.tm_hour * hour_s + local.tm_min * minute_s + local.tm_sec;
      ASSERT_EQ(zone->local_seconds({at * 1'000'000}), expected) << name << " " << at;
      // Whatever the first instant of this local time is, it is not later, and its clocks show the same.
      const auto first = zone->first_instant_of(expected);
      ASSERT_LE(first.us, at * 1'000'000) << name;
      ASSERT_EQ(zone->local_seconds(first), expected) << name;
      ++compared;
    }
  }
  ::unsetenv("TZ");
  ::tzset();
  EXPECT_GT(compared, 20'000u);
}

TEST(ZoneRules, ReadEveryFormOfPosix) {
  const auto offset = [](std::string_view rule, Instant at) {
    const auto parsed = parse_zone_rule(rule);
    return parsed ? parsed->offset_at(at.us / 1'000'000) : -1;
  };
  EXPECT_EQ(offset("UTC0", utc(2026, 1, 1)), 0);
  EXPECT_EQ(offset("<+0545>-5:45", utc(2026, 1, 1)), 5 * 3'600 + 45 * 60);
  EXPECT_EQ(offset("EST5EDT,M3.2.0,M11.1.0", utc(2026, 7, 1)), -4 * 3'600);
  EXPECT_EQ(offset("EST5EDT,M3.2.0,M11.1.0", utc(2026, 12, 1)), -5 * 3'600);
  EXPECT_EQ(offset("AAA0BBB,J60,J300", utc(2024, 2, 29, 12)), 0) << "J60 is March 1 in every year";
  EXPECT_EQ(offset("AAA0BBB,59,300", utc(2024, 2, 29, 12)), 3'600) << "59 is February 29 in a leap year";
  EXPECT_EQ(offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", utc(2026, 7, 1)), -3'600);
  for (const auto* bad : {"", "C", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "<+01-1",
                          "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-25", "CET-1CEST,J0,J5", "CET-1CEST,,"}) {
    EXPECT_FALSE(parse_zone_rule(bad)) << bad;
  }
}

}  // namespace
}  // namespace virtscale::signal
