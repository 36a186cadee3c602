// Signal's fold, event by event.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stages/signal/folding.hpp"

namespace virtscale::signal {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view web = "acme/web";

struct SignalFold : testing::Test {
  Folding signal;
  Stepped apply(std::vector<schema::ScaleRuleT> rules) { return signal.fold(web, service(std::move(rules))); }
  std::size_t wishes_within(Duration time) {
    std::size_t wishes = 0;
    for (const auto& step : signal.pass(time)) wishes += step.wanted.size();
    return wishes;
  }
};

TEST_F(SignalFold, TurnsAnAlertIntoTheWishOfItsFirstRule) {
  apply({rule_on("other", 5), rule_on("autoscale.cpu.hi", 1), rule_on("autoscale.cpu.hi", 9)});
  const auto step = signal.fold(web, raised("f1"));
  ASSERT_THAT(step.wanted, SizeIs(1));
  const auto& wish = step.wanted[0];
  EXPECT_EQ(wish.service, "web");
  EXPECT_EQ(wish.kind, schema::SignalKind::alert);
  EXPECT_EQ(wish.name, "autoscale.cpu.hi");
  EXPECT_EQ(wish.fingerprint, "f1");
  EXPECT_EQ(wish.amount, 1);
  EXPECT_EQ(wish.value_milli, 72'000);
  EXPECT_EQ(wish.queue_depth, 240);
  EXPECT_EQ(wish.signal_at_us, signal.now.us);
  EXPECT_EQ(step.scales[0], scale_of(signal.last_emitted(0)));
}

TEST_F(SignalFold, LetsCopiesOfAnAlertChangeNothing) {
  apply({rule_on("autoscale.cpu.hi", 1)});
  signal.fold(web, raised("f1", 10));
  for (const auto start : {10, 10, 9}) {
    const auto step = signal.fold(web, raised("f1", start));
    EXPECT_THAT(step.events, IsEmpty());
    EXPECT_THAT(step.timers, IsEmpty());
  }
}

TEST_F(SignalFold, KnowsALateCopyOfAResolvedAlertForADay) {
  apply({rule_on("autoscale.cpu.hi", 1)});
  signal.fold(web, raised("f1", 10));
  EXPECT_THAT(signal.fold(web, resolved("f1", 10)).cleared, SizeIs(1));
  EXPECT_THAT(signal.fold(web, resolved("f1", 10)).events, IsEmpty());
  EXPECT_EQ(wishes_within(hours(24) + seconds(-1)), 0u);
  EXPECT_THAT(signal.fold(web, raised("f1", 10)).wanted, IsEmpty());
  signal.pass(seconds(1));
  EXPECT_EQ(signal.state.alerts.size(), 0u);
  EXPECT_EQ(signal.state.alert_counts.size(), 0u);
}

TEST_F(SignalFold, TakesANewStartForANewAlert) {
  apply({rule_on("autoscale.cpu.hi", 1)});
  signal.fold(web, raised("f1", 10));
  signal.fold(web, resolved("f1", 10));
  EXPECT_THAT(signal.fold(web, raised("f1", 20)).wanted, SizeIs(1));
  EXPECT_FALSE(signal.timers.contains("forget/acme/web/f1"));
  EXPECT_THAT(signal.fold(web, resolved("f1", 10)).events, IsEmpty()) << "of the firing before";
}

TEST_F(SignalFold, ClearsAFiringWhoseEndWasLost) {
  apply({rule_on("autoscale.cpu.hi", 1)});
  signal.fold(web, raised("f1", 10));
  const auto step = signal.fold(web, raised("f1", 20));
  EXPECT_THAT(step.cleared, SizeIs(1));
  ASSERT_THAT(step.wanted, SizeIs(1));
  EXPECT_EQ(step.scales[0], scale_of(signal.last_emitted(1))) << "the wish is the step's second emission";
}

TEST_F(SignalFold, IgnoresARaiseThatComesAfterItsOwnEnd) {
  apply({rule_on("autoscale.cpu.hi", 1)});
  EXPECT_THAT(signal.fold(web, resolved("f1", 10)).events, IsEmpty());
  EXPECT_THAT(signal.fold(web, raised("f1", 10)).events, IsEmpty());
  EXPECT_THAT(signal.fold(web, raised("f1", 11)).wanted, SizeIs(1));
}

struct Period {
  std::string_view what;
  std::int32_t change;
  Duration every;
  Duration expected;
};

struct SignalPeriods : testing::TestWithParam<Period> {};

TEST_P(SignalPeriods, AreOfTheRuleOrTheCooldownOfItsDirection) {
  Folding signal;
  signal.fold(web, service({rule_on("autoscale.cpu.hi", GetParam().change, GetParam().every)}));
  signal.fold(web, raised("f1"));
  EXPECT_EQ(signal.timers.at("every/acme/web/f1") - signal.now, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, SignalPeriods,
                         testing::Values(Period{"out", 1, {}, seconds(60)}, Period{"in", -1, {}, seconds(300)},
                                         Period{"own", -1, seconds(7), seconds(7)},
                                         Period{"too often", 1, milliseconds(1), seconds(1)},
                                         Period{"too rare", 1, hours(100'000), hours(24 * 30)}),
                         [](const auto& row) {
                           std::string name(row.param.what);
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST_F(SignalFold, AppliesTheRuleAgainEachPeriodWithTheLatestValueUntilItResolves) {
  apply({rule_on("autoscale.cpu.hi", 1)});
  const auto first = signal.fold(web, raised("f1"));
  auto repeat = raised("f1");
  repeat.value_milli = 91'500;
  repeat.queue_depth = 300;
  signal.fold(web, repeat);
  const auto steps = signal.pass(seconds(60));
  ASSERT_THAT(steps, SizeIs(1));
  ASSERT_THAT(steps[0].wanted, SizeIs(1));
  EXPECT_EQ(steps[0].wanted[0].value_milli, 91'500);
  EXPECT_EQ(steps[0].wanted[0].queue_depth, 300);
  EXPECT_NE(steps[0].scales[0], first.scales[0]);
  EXPECT_EQ(wishes_within(seconds(600)), 10u);
  signal.fold(web, resolved("f1"));
  EXPECT_EQ(wishes_within(hours(30)), 0u);
}

TEST_F(SignalFold, KeepsAnAlertOfAnUnknownServiceUntilTheServiceIsApplied) {
  EXPECT_THAT(signal.fold(web, raised("f1")).events, IsEmpty());
  EXPECT_THAT(signal.timers, IsEmpty());
  EXPECT_EQ(signal.state.unrouted.find("acme/autoscale.cpu.hi")->count, 1u);
  EXPECT_EQ(signal.state.unrouted.find("acme/autoscale.cpu.hi")->reason, "the service is unknown");
  EXPECT_THAT(apply({rule_on("other", 1)}).wanted, IsEmpty());
  const auto step = apply({rule_on("autoscale.cpu.hi", 2)});
  ASSERT_THAT(step.wanted, SizeIs(1));
  EXPECT_EQ(step.wanted[0].amount, 2);
  EXPECT_THAT(apply({rule_on("autoscale.cpu.hi", 2)}).wanted, IsEmpty()) << "it has its timer now";
}

TEST_F(SignalFold, RestsAnAlertWhoseRuleIsGoneUntilItIsBack) {
  apply({rule_on("autoscale.cpu.hi", 1)});
  signal.fold(web, raised("f1"));
  apply({});
  EXPECT_EQ(wishes_within(seconds(600)), 0u);
  EXPECT_THAT(apply({rule_on("autoscale.cpu.hi", 1)}).wanted, SizeIs(1));
}

TEST_F(SignalFold, PassesAServiceOnWithTheIdOfTheEdgesRecord) {
  const auto step = apply({rule_on("autoscale.cpu.hi", 1)});
  ASSERT_THAT(step.services, SizeIs(1));
  EXPECT_EQ(step.services[0].spec->name, "web");
  EXPECT_EQ(step.services[0].spec->cooldown_in_us, seconds(300).us);
  EXPECT_EQ(step.answers[0], (EventId{77, 0, static_cast<std::uint32_t>(signal.last_offset()), Source::edge}));
}

TEST_F(SignalFold, PassesEveryRequestOn) {
  schema::ScaleRequestedT request;
  request.service = "nobody-knows-it";
  request.mode = schema::ScaleMode::to;
  request.amount = -2'147'483'647;
  request.idempotency_key = "k";
  request.requester = "org";
  const auto step = signal.fold("acme/nobody-knows-it", request);
  ASSERT_THAT(step.wanted, SizeIs(1));
  const auto& wish = step.wanted[0];
  EXPECT_EQ(wish.kind, schema::SignalKind::request);
  EXPECT_EQ(wish.name, "request");
  EXPECT_EQ(wish.mode, schema::ScaleMode::to);
  EXPECT_EQ(wish.amount, -2'147'483'647);
  EXPECT_EQ(wish.idempotency_key, "k");
  EXPECT_EQ(wish.requester, "org");
  EXPECT_EQ(wish.request.offset(), 77u);
  EXPECT_EQ(wish.request.index(), signal.last_offset());
}

schema::ScheduleDueT due(Instant at, std::string_view cron = "0 8 * * 1-5") {
  schema::ScheduleDueT event;
  event.service = "web";
  event.cron = cron;
  event.zone = "Europe/Berlin";
  event.due_us = at.us;
  return event;
}

TEST_F(SignalFold, AppliesAScheduleOnceForEachInstant) {
  apply({rule_cron("0 8 * * 1-5", "Europe/Berlin", 12)});
  signal.pass(hours(1));
  const auto first = signal.now;
  const auto step = signal.fold(web, due(first));
  ASSERT_THAT(step.wanted, SizeIs(1));
  EXPECT_EQ(step.wanted[0].kind, schema::SignalKind::schedule);
  EXPECT_EQ(step.wanted[0].name, "0 8 * * 1-5");
  EXPECT_EQ(step.wanted[0].mode, schema::ScaleMode::to);
  EXPECT_EQ(step.wanted[0].amount, 12);
  EXPECT_THAT(signal.fold(web, due(first)).events, IsEmpty()) << "a second edge ticked it too";
  EXPECT_THAT(signal.fold(web, due(first + hours(-1))).events, IsEmpty());
  EXPECT_THAT(signal.fold(web, due(first + hours(24))).wanted, SizeIs(1));
}

TEST_F(SignalFold, CatchesUpWithNoScheduleFromBeforeItWasKnown) {
  const auto before = signal.now;
  signal.pass(seconds(1));
  apply({rule_cron("0 8 * * 1-5", "Europe/Berlin", 12)});
  EXPECT_THAT(signal.fold(web, due(before)).events, IsEmpty());
}

TEST_F(SignalFold, IgnoresSchedulesThatTheServiceDoesNotHave) {
  EXPECT_THAT(signal.fold(web, due(signal.now)).events, IsEmpty());
  apply({rule_cron("0 8 * * 1-5", "Europe/Berlin", 12)});
  EXPECT_THAT(signal.fold(web, due(signal.now + seconds(1), "0 9 * * *")).events, IsEmpty());
  EXPECT_EQ(signal.state.schedules.size(), 1u);
  apply({});
  EXPECT_EQ(signal.state.schedules.size(), 0u);
}

TEST_F(SignalFold, RefusesTheTickOfAClockThatRunsFarAhead) {
  apply({rule_cron("0 8 * * 1-5", "Europe/Berlin", 12)});
  EXPECT_THAT(signal.fold(web, due(signal.now + hours(26))).events, IsEmpty());
  EXPECT_EQ(signal.state.unrouted.size(), 1u);
  EXPECT_THAT(signal.fold(web, due(signal.now + hours(1))).wanted, SizeIs(1)) << "later ticks still count";
}

TEST_F(SignalFold, CountsWhatCannotBeRouted) {
  schema::AlertUnroutableT unroutable;
  unroutable.name = "Strange";
  unroutable.reason = "no label service";
  unroutable.payload = "{}";
  signal.fold("acme/", unroutable);
  unroutable.reason = "another";
  signal.fold("acme/", unroutable);
  const auto* row = signal.state.unrouted.find("acme/Strange");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->count, 2u);
  EXPECT_EQ(row->reason, "another");
}

TEST_F(SignalFold, CountsAlertsThatAForeignProducerPutUnderAWrongKeyOrName) {
  apply({rule_on("autoscale.cpu.hi", 1)});
  EXPECT_THAT(signal.fold("acme/shop", raised("f1")).events, IsEmpty());
  auto slash = raised("f1");
  slash.service = "web/x";
  EXPECT_THAT(signal.fold("acme/web/x", slash).events, IsEmpty());
  EXPECT_THAT(signal.fold(web, raised("")).events, IsEmpty());
  EXPECT_THAT(signal.fold(web, raised(std::string(257, 'f'))).events, IsEmpty());
  EXPECT_THAT(signal.fold(web, resolved("")).events, IsEmpty());
  auto long_name = raised("f1");
  long_name.name = std::string(1'025, 'n');
  EXPECT_THAT(signal.fold(web, long_name).events, IsEmpty());
  EXPECT_EQ(signal.state.unrouted.find("acme/autoscale.cpu.hi")->count, 5u);
  EXPECT_EQ(signal.state.alerts.size(), 0u);
}

TEST_F(SignalFold, BoundsTheAlertsOfAnOrg) {
  for (std::uint32_t i = 0; i < alerts_per_org_max; ++i) {
    signal.state.alerts.modify("acme/web/" + std::to_string(i)).resolved = true;
  }
  signal.state.alert_counts.modify("acme").rows = alerts_per_org_max;
  EXPECT_THAT(signal.fold(web, raised("one-too-many")).events, IsEmpty());
  EXPECT_EQ(signal.state.alerts.size(), alerts_per_org_max);
  EXPECT_EQ(signal.state.unrouted.size(), 1u);
}

TEST_F(SignalFold, CountsUnroutedNamesAboveTheBoundUnderTheOrgAlone) {
  for (std::size_t i = 0; i < unrouted_max; ++i) signal.state.unrouted.modify("acme/n" + std::to_string(i)).count = 1;
  schema::AlertUnroutableT unroutable;
  unroutable.reason = "r";
  for (const auto* name : {"a", "b", "n7"}) {
    unroutable.name = name;
    signal.fold("acme/", unroutable);
  }
  EXPECT_EQ(signal.state.unrouted.find("acme/")->count, 2u);
  EXPECT_EQ(signal.state.unrouted.find("acme/n7")->count, 2u);
}

TEST_F(SignalFold, SurvivesTimersThatItNeverSet) {
  schema::TimerFiredT fired;
  for (const auto* key : {"", "every/", "every/x", "forget/", "forget/acme/web/f", "other/acme"}) {
    fired.key = key;
    EXPECT_THAT(signal.fold("", fired).events, IsEmpty());
  }
}

}  // namespace
}  // namespace virtscale::signal
