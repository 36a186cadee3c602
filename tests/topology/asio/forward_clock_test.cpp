// A clock that is set back an hour must not stop the cooldowns.
#include "topology/adapters/asio/forward_clock.hpp"

#include <gtest/gtest.h>

#include "topology/adapters/memory/manual_clock.hpp"

namespace virtscale {
namespace {

class ForwardClockTest : public testing::Test {
 protected:
  void pass(Duration time) {
    system.advance(time);
    steady.advance(time);
  }
  static constexpr Instant noon{43'200'000'000};
  ManualClock system{noon};
  ManualClock steady{{5}};
  ForwardClock clock{system, steady};
};

TEST_F(ForwardClockTest, FollowsTheSystemsClock) {
  EXPECT_EQ(clock.now(), noon);
  pass(seconds(3));
  EXPECT_EQ(clock.now(), noon + seconds(3));
  system.advance(hours(1));
  EXPECT_EQ(clock.now(), noon + seconds(3) + hours(1));
}

TEST_F(ForwardClockTest, GoesOnAtASteadyPaceWhenItIsSetBackAnHour) {
  EXPECT_EQ(clock.now(), noon);
  system.advance(hours(-1));
  pass(seconds(10));
  EXPECT_EQ(clock.now(), noon + seconds(10));
  pass(seconds(10));
  EXPECT_EQ(clock.now(), noon + seconds(20));
}

TEST_F(ForwardClockTest, StandsWhileASmallStepBackIsCaughtUpWith) {
  EXPECT_EQ(clock.now(), noon);
  system.advance(milliseconds(-200));
  EXPECT_EQ(clock.now(), noon);
  pass(milliseconds(300));
  EXPECT_EQ(clock.now(), noon + milliseconds(100));
}

TEST_F(ForwardClockTest, IsNeverBeforeTheLastRecordOfALog) {
  clock.not_before(noon + hours(1));
  pass(seconds(1));
  EXPECT_EQ(clock.now(), noon + hours(1) + seconds(1));
}

}  // namespace
}  // namespace virtscale
