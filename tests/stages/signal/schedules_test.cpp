// The ticking of schedules, with a clock that stands, runs, jumps and goes back.
#include "stages/signal/schedules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stages/signal/calendar/civil.hpp"
#include "tests/stages/signal/folding.hpp"
#include "tests/stages/signal/world.hpp"

namespace virtscale::signal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto zone = "Europe/Berlin";

Instant utc(int day, int hour, int minute, int second = 0) {
  return {(days_of({2026, 11, day}) * day_s + hour * hour_s + minute * minute_s + second) * 1'000'000};
}

struct SignalSchedules : testing::Test {
  World world;
  std::unique_ptr<Schedules> schedules;

  void begin(Instant now, std::vector<Schedule> known = {{"acme", "web", "0 8 * * 1-5", zone}}) {
    world.clock.set(now);
    schedules = std::make_unique<Schedules>(world.edge, world.clock, world.executor, std::move(known));
    world.executor.run();
  }
  std::vector<Instant> ticked() {
    std::vector<Instant> dues;
    for (const auto& record : world.records(Topic::alerts)) {
      const auto* due = record.event().body_as_ScheduleDue();
      if (due == nullptr) continue;
      EXPECT_EQ(record.key, "acme/web");
      dues.push_back({due->due_us()});
    }
    return dues;
  }
  void apply(std::vector<schema::ScaleRuleT> rules) {
    world.edge.append(world.edge.next_id(), Topic::alerts, "acme/web",
                      schema::encode(service(std::move(rules)), "acme"), [](const std::string*) {});
    world.executor.run();
  }
};

// 2026-11-23 is a Monday; 08:00 in Berlin is 07:00 UTC.
TEST_F(SignalSchedules, TickWhenTheyAreDue) {
  begin(utc(22, 12, 0));
  world.executor.pass(hours(19) + seconds(-1));
  EXPECT_THAT(ticked(), IsEmpty());
  world.executor.pass(seconds(2));
  EXPECT_THAT(ticked(), ElementsAre(utc(23, 7, 0)));
  world.executor.pass(hours(24));
  EXPECT_THAT(ticked(), ElementsAre(utc(23, 7, 0), utc(24, 7, 0)));
  const auto records = world.records(Topic::alerts);
  const auto* due = records[0].event().body_as_ScheduleDue();
  EXPECT_EQ(due->service()->str(), "web");
  EXPECT_EQ(due->cron()->str(), "0 8 * * 1-5");
  EXPECT_EQ(due->zone()->str(), zone);
  EXPECT_EQ(records[0].event().org()->str(), "acme");
}

TEST_F(SignalSchedules, LookBackALittleOnStart) {
  begin(utc(23, 7, 40));
  EXPECT_THAT(ticked(), ElementsAre(utc(23, 7, 0)));
}

TEST_F(SignalSchedules, DoNotLookBackFar) {
  begin(utc(23, 8, 1));
  EXPECT_THAT(ticked(), IsEmpty());
}

TEST_F(SignalSchedules, TickTheLatestOnlyOfThoseThatWereMissed) {
  begin(utc(23, 10, 0), {{"acme", "web", "*/10 * * * *", zone}});
  EXPECT_THAT(ticked(), ElementsAre(utc(23, 10, 0)));
  world.clock.advance(hours(5) + seconds(61));
  world.executor.pass(seconds(1));
  EXPECT_THAT(ticked(), ElementsAre(utc(23, 10, 0), utc(23, 15, 0)));
  world.executor.pass(seconds(600));
  EXPECT_EQ(ticked().back(), utc(23, 15, 10));
}

TEST_F(SignalSchedules, DoNotStayAwayWhenTheClockJumpsBack) {
  begin(utc(23, 6, 59));
  world.clock.advance(hours(24 * 300));
  world.executor.pass(seconds(1));
  world.clock.set(utc(23, 6, 59));
  world.executor.pass(seconds(120));
  EXPECT_EQ(ticked().back(), utc(23, 7, 0));
}

TEST_F(SignalSchedules, LearnServicesFromTheLog) {
  begin(utc(23, 7, 30), {});
  apply({rule_cron("0 8 * * *", zone, 12), rule_cron("0 9 * * *", zone, 4), rule_on("a", 1)});
  world.executor.pass(hours(1));
  EXPECT_THAT(ticked(), ElementsAre(utc(23, 8, 0))) << "what was due before the service was known is not ticked";
  apply({});
  world.executor.pass(hours(48));
  EXPECT_THAT(ticked(), ElementsAre(utc(23, 8, 0)));
}

TEST_F(SignalSchedules, KeepTheNextInstantWhenTheServiceIsAppliedAgain) {
  begin(utc(23, 7, 59, 30), {{"acme", "web", "0 9 * * *", zone}});
  world.executor.pass(seconds(29));
  world.clock.advance(milliseconds(1'500));
  apply({rule_cron("0 9 * * *", zone, 4)});
  world.executor.pass(seconds(2));
  EXPECT_THAT(ticked(), ElementsAre(utc(23, 8, 0)));
}

TEST_F(SignalSchedules, LeaveOutWhatCannotBeRead) {
  begin(utc(23, 6, 59),
        {{"acme", "web", "x", zone}, {"acme", "web", "0 8 * * *", "Mars/Base"}, {"acme", "web", "0 8 * * *", zone}});
  world.executor.pass(seconds(120));
  EXPECT_THAT(ticked(), ElementsAre(utc(23, 7, 0)));
}

TEST_F(SignalSchedules, EndWithTheirObject) {
  begin(utc(23, 6, 59));
  schedules.reset();
  world.executor.pass(seconds(120));
  EXPECT_THAT(ticked(), IsEmpty());
}

}  // namespace
}  // namespace virtscale::signal
