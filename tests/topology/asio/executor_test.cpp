#include "topology/adapters/asio/executor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace virtscale {
namespace {

TEST(Executor, RunsWhatWasPostedInOrderOnOneThread) {
  const auto executor = make_executor();
  std::vector<int> order;
  std::promise<std::thread::id> last;
  for (int i = 0; i < 100; ++i) executor->post([&order, i] { order.push_back(i); });
  executor->post([&] { last.set_value(std::this_thread::get_id()); });
  EXPECT_NE(last.get_future().get(), std::this_thread::get_id());
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Executor, RunsLaterWhatIsDelayedAndTheShorterDelayFirst) {
  const auto executor = make_executor();
  const auto clock = make_system_clock();
  std::vector<int> order;
  std::promise<void> done;
  const auto begun = clock->now();
  executor->after(milliseconds(40), [&] {
    order.push_back(40);
    done.set_value();
  });
  executor->after(milliseconds(10), [&] { order.push_back(10); });
  done.get_future().get();
  EXPECT_GE((clock->now() - begun).us, milliseconds(39).us);
  EXPECT_EQ(order, (std::vector{10, 40}));
}

TEST(Executor, DropsWhatIsLeftWhenItStops) {
  std::atomic<int> runs{0};
  const auto held = std::make_shared<int>(0);
  {
    const auto executor = make_executor();
    executor->after(seconds(3600), [&runs, held] { ++runs; });
    executor->stop();
    executor->post([&runs, held] { ++runs; });
    executor->stop();
  }
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Executor, StopsFromWithinWithoutWaitingForItself) {
  const auto executor = make_executor();
  std::promise<void> stopped;
  executor->post([&] {
    executor->stop();
    stopped.set_value();
  });
  stopped.get_future().get();
}

TEST(SystemClock, CountsMicrosecondsSince1970) {
  const auto now = make_system_clock()->now().us;
  EXPECT_GT(now, 1'700'000'000'000'000);
  EXPECT_LT(now, 7'000'000'000'000'000);
}

}  // namespace
}  // namespace virtscale
