#include <gtest/gtest.h>

#include "tests/simulation/engine/faults.hpp"
#include "tests/simulation/engine/host/disk.hpp"
#include "tests/simulation/engine/shrink.hpp"

namespace virtscale::simulation {
namespace {

// Which of the first hundred chances strike.
std::string strikes_of(const Plan& plan, Fault kind, Fault meanwhile) {
  VirtualTime time({0});
  Story story(time, Story::Reader::nobody);
  Faults faults(plan, story);
  std::string strikes;
  for (int chance = 0; chance < 100; ++chance) {
    auto dice = faults.strikes(kind);
    strikes += dice ? std::to_string(dice->below(10)) : "-";
    faults.strikes(meanwhile);
  }
  return strikes;
}

// The first seed in which both kinds happen.
Plan plan_with(Fault one, Fault other) {
  Plan plan;
  while (strikes_of(plan, one, other) == std::string(100, '-') || strikes_of(plan, other, one) == std::string(100, '-'))
    ++plan.seed;
  return plan;
}

TEST(VirtualTime, DoesWhatWasSaidFirstFirstAndNeverGoesBack) {
  VirtualTime time({100});
  std::string order;
  time.at({300}, [&] { order += 'c'; });
  time.at({200}, [&] {
    order += 'a';
    time.at({50}, [&] { order += 'b'; });
  });
  time.at({300}, [&] { order += 'd'; });
  while (time.run_next({250})) {
  }
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(time.now(), Instant{250});
  while (time.run_next({400})) {
  }
  EXPECT_EQ(order, "abcd");
}

TEST(Faults, OfOneKindShiftNoneOfAnother) {
  auto plan = plan_with(Fault::crash, Fault::pause);
  const auto before = strikes_of(plan, Fault::crash, Fault::pause);
  plan.budgets[static_cast<std::size_t>(Fault::pause)] = 0;
  EXPECT_EQ(strikes_of(plan, Fault::crash, Fault::pause), before);
  EXPECT_EQ(strikes_of(plan, Fault::pause, Fault::crash), std::string(100, '-'));
}

TEST(Faults, AreTheSameOnesWhenTheFirstAreSkipped) {
  auto plan = plan_with(Fault::crash, Fault::pause);
  const auto all = strikes_of(plan, Fault::crash, Fault::pause);
  plan.skips[static_cast<std::size_t>(Fault::crash)] = 1;
  auto expected = all;
  expected[all.find_first_not_of('-')] = '-';
  EXPECT_EQ(strikes_of(plan, Fault::crash, Fault::pause), expected);
}

TEST(Shrinking, WritesACommandThatReadsBack) {
  Plan plan;
  plan.seed = 7;
  plan.budgets.fill(0);
  plan.budgets[static_cast<std::size_t>(Fault::crash)] = 5;
  plan.skips[static_cast<std::size_t>(Fault::crash)] = 4;
  plan.budgets[static_cast<std::size_t>(Fault::garbage)] = 1;
  plan.actions_max = 12;
  const auto command = command_for(plan);
  EXPECT_EQ(command, "./run sim --seed 7 --only garbage=1,crash=4..5,actions=12");
  Plan read;
  ASSERT_TRUE(parse_only(command.substr(command.rfind(' ') + 1), read));
  EXPECT_EQ(read.budgets, plan.budgets);
  EXPECT_EQ(read.skips, plan.skips);
  EXPECT_EQ(read.actions_max, plan.actions_max);
  EXPECT_FALSE(parse_only("crash", read));
  EXPECT_FALSE(parse_only("crash=x", read));
  EXPECT_FALSE(parse_only("rain=1", read));
}

TEST(Disk, LosesOnlyItsNewestCommitsAtACrash) {
  Disk disk([](const auto&) {});
  for (int n = 0; n < 10; ++n) disk.commit({{"row", std::to_string(n)}});
  Dice dice(1, "crash");
  const auto lost = disk.lose_newest(dice);
  std::string row;
  disk.scan("", [&](std::string_view, Bytes value) { row.assign(reinterpret_cast<const char*>(value.data()), 1); });
  EXPECT_LE(lost, Disk::losable_max);
  EXPECT_EQ(row, std::to_string(9 - static_cast<int>(lost)));
}

TEST(Run, GivesTheSameBytesForTheSameSeedWhoeverListens) {
  Plan plan;
  const auto silent = run(plan, Story::Reader::nobody);
  const auto told = run(plan, Story::Reader::somebody);
  EXPECT_EQ(silent.digest, told.digest);
  EXPECT_GT(silent.records, 0U);
  EXPECT_TRUE(silent.story.empty());
  EXPECT_FALSE(told.story.empty());
  plan.seed = 2;
  EXPECT_NE(run(plan, Story::Reader::nobody).digest, silent.digest);
}

}  // namespace
}  // namespace virtscale::simulation
