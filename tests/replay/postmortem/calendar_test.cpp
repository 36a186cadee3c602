// The calendar of an org, as a log had it at a moment.
#include "replay/postmortem/calendar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "replay/postmortem/business_days.hpp"
#include "replay/text.hpp"
#include "tests/replay/decision/recorded_scenario.hpp"
#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/adapters/memory/memory_log.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

using testing::ElementsAre;

constexpr Instant noon{1'776'772'800'000'000};  // 2026-04-21T12:00:00Z
constexpr Instant for_ever{std::numeric_limits<std::int64_t>::max()};

// A log to which calendars are applied, one a minute from noon on.
class AppliedCalendars {
 public:
  AppliedCalendars() { source_.log = std::make_unique<MemoryLog>(LogLayout{}, clock_); }

  void apply(const std::string& org, std::int64_t version, const std::string& holiday,
             const std::string& zone = "Europe/Berlin") {
    schema::CalendarAppliedT applied;
    applied.name = "de-berlin";
    applied.version = version;
    applied.zone = zone;
    applied.holidays = {holiday};
    auto event = schema::encode(applied, org);
    fill_header(event, {.id = {++events_, 7, 0, Source::edge}});
    const LogAppend append{{Topic::signals, 0}, org, event};
    source_.log->append({&append, 1});
    clock_.advance(seconds(60));
  }

  Calendar at(Instant until, const std::string& org = "acme") const {
    return calendar_of(source_, org, until, [](std::uint64_t, std::uint64_t) {});
  }

 private:
  ManualClock clock_{noon};
  LogSource source_;
  std::uint64_t events_ = 0;
};

std::string holiday_of(const Calendar& calendar) {
  return calendar.holidays.empty() ? "" : to_text(*calendar.holidays.begin());
}

TEST(CalendarOfAnOrg, IsTheOneThatWasInForceThen) {
  AppliedCalendars log;
  log.apply("acme", 1, "2026-05-01");
  log.apply("acme", 2, "2026-05-14");
  EXPECT_EQ(name_of(log.at(noon)), "") << "not applied yet";
  EXPECT_EQ(holiday_of(log.at(noon + seconds(1))), "2026-05-01");
  const auto latest = log.at(for_ever);
  EXPECT_EQ(holiday_of(latest), "2026-05-14");
  EXPECT_EQ(name_of(latest), "de-berlin, version 2");
  EXPECT_EQ(latest.zone, "Europe/Berlin");
  EXPECT_THAT(latest.cites, ElementsAre("signals/0@1"));
}

TEST(CalendarOfAnOrg, IsNotOneThatPolicyRefused) {
  AppliedCalendars log;
  log.apply("acme", 2, "2026-05-14");
  log.apply("acme", 1, "2026-05-01");
  log.apply("acme", 3, "some day");
  EXPECT_EQ(holiday_of(log.at(for_ever)), "2026-05-14");
  EXPECT_THAT(log.at(for_ever).cites, ElementsAre("signals/0@0"));
}

TEST(CalendarOfAnOrg, IsNoOthers) {
  AppliedCalendars log;
  log.apply("shop", 1, "2026-05-14");
  EXPECT_EQ(name_of(log.at(for_ever)), "");
  EXPECT_EQ(log.at(for_ever).zone, "UTC");
}

TEST(CalendarOfAnOrg, IsOfAZoneThatThisMachineKnows) {
  AppliedCalendars log;
  log.apply("acme", 1, "2026-05-01", "Europe/Atlantis");
  EXPECT_THROW(log.at(for_ever), std::runtime_error);
}

}  // namespace
}  // namespace virtscale::replay
