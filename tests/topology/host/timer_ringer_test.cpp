// Timers and clocks that are wrong.
#include "topology/host/timer_ringer.hpp"

#include <gtest/gtest.h>

#include "tests/topology/host/stepped_executor.hpp"
#include "topology/adapters/memory/memory_log.hpp"

namespace virtscale {
namespace {

TEST(TimerRinger, RingsSoonAfterAClockThatWasFarBehindIsRightAgain) {
  constexpr TopicPartition inbox{Topic::signals, 0};
  ManualClock steady({0});
  test::SteppedExecutor executor(steady);
  ManualClock wall({0});
  MemoryLog log(LogLayout{}, wall);
  EdgeIds ids(7);
  Books books;
  books.set_timer({"forget", Instant{hours(3).us}, {}, "acme"});
  const auto ringer =
      std::make_shared<TimerRinger>(log, inbox, executor, wall, ids, [](const std::string& why) { FAIL() << why; });
  ringer->look_at(books);
  executor.pass(seconds(60));
  EXPECT_EQ(log.end(inbox), 0U) << "it is not due by this clock";
  wall.set({hours(3).us});
  executor.pass(seconds(60));
  EXPECT_EQ(log.end(inbox), 1U);
}

TEST(TimerRinger, RingsAgainWhatAnEarlyRingHasLeftSet) {
  constexpr TopicPartition inbox{Topic::signals, 0};
  ManualClock steady({0});
  test::SteppedExecutor executor(steady);
  ManualClock wall({seconds(10).us});
  MemoryLog log(LogLayout{}, wall);
  EdgeIds ids(7);
  Books books;
  books.set_timer({"wait", Instant{seconds(5).us}, {}, "acme"});
  const auto ringer =
      std::make_shared<TimerRinger>(log, inbox, executor, wall, ids, [](const std::string& why) { FAIL() << why; });
  ringer->look_at(books);
  EXPECT_EQ(log.end(inbox), 1U);
  for (int second = 0; second < 60; ++second) executor.pass(seconds(1));
  EXPECT_EQ(log.end(inbox), 1U + 6U) << "after 1, 2, 4, 8, 16 and 32 s";
  books.set_timer({"wait", std::nullopt, {}, {}});
  ringer->look_at(books);
  for (int second = 0; second < 120; ++second) executor.pass(seconds(1));
  EXPECT_EQ(log.end(inbox), 7U);
}

}  // namespace
}  // namespace virtscale
