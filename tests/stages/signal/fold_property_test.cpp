// Signal's fold under every order in which copies may come.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/stages/signal/folding.hpp"

namespace virtscale::signal {
namespace {

constexpr int seeds = 300;

struct Delivery {
  std::string fingerprint;
  std::int64_t start;
  enum class What { raise, resolve } what;
};

// What happened to one alert: it fires and is resolved some times, each start later than the one before.
std::vector<Delivery> history(std::mt19937& random, const std::string& fingerprint) {
  std::vector<Delivery> deliveries;
  std::int64_t start = 0;
  const auto firings = 1 + random() % 3;
  for (unsigned i = 0; i < firings; ++i) {
    start += 1 + static_cast<std::int64_t>(random() % 5);
    deliveries.push_back({fingerprint, start, Delivery::What::raise});
    if (i + 1 < firings || random() % 2 == 0) deliveries.push_back({fingerprint, start, Delivery::What::resolve});
  }
  return deliveries;
}

std::vector<Delivery> with_repeats(std::mt19937& random, const std::vector<Delivery>& deliveries) {
  std::vector<Delivery> repeated;
  for (const auto& delivery : deliveries) repeated.insert(repeated.end(), 1 + random() % 3, delivery);
  return repeated;
}

// Keeps the order within each queue; chooses anew from which queue comes the next.
std::vector<Delivery> interleaved(std::mt19937& random, std::vector<std::vector<Delivery>> queues) {
  std::vector<Delivery> order;
  std::vector<std::size_t> taken(queues.size(), 0);
  std::vector<std::size_t> open;
  for (;;) {
    open.clear();
    for (std::size_t i = 0; i < queues.size(); ++i) {
      if (taken[i] < queues[i].size()) open.push_back(i);
    }
    if (open.empty()) return order;
    const auto queue = open[random() % open.size()];
    order.push_back(queues[queue][taken[queue]++]);
  }
}

// What policy is told, by alert: `wanted` and `cleared` in their order.
std::map<std::string, std::vector<std::string>> told(const std::vector<Delivery>& deliveries) {
  Folding signal;
  signal.fold("acme/web", service({rule_on("autoscale.cpu.hi", 1)}));
  std::map<std::string, std::vector<std::string>> log;
  for (const auto& delivery : deliveries) {
    signal.now = signal.now + milliseconds(1);
    const auto step = delivery.what == Delivery::What::raise
                          ? signal.fold("acme/web", raised(delivery.fingerprint, delivery.start))
                          : signal.fold("acme/web", resolved(delivery.fingerprint, delivery.start));
    for (const auto& cleared : step.cleared) log[cleared.fingerprint].push_back("cleared");
    for (const auto& wish : step.wanted) log[wish.fingerprint].push_back("wanted " + std::to_string(wish.amount));
  }
  return log;
}

TEST(SignalFoldProperty, AnyInterleavingOfTwoAlertmanagersTellsPolicyTheSame) {
  std::size_t copies = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    std::vector<std::vector<Delivery>> once;
    for (int alert = 0; alert < 4; ++alert) once.push_back(history(random, "f" + std::to_string(alert)));
    auto pair = once;
    pair.insert(pair.end(), once.begin(), once.end());
    for (auto& queue : pair) queue = with_repeats(random, queue);
    const auto single = told(interleaved(random, once));
    const auto order = interleaved(random, pair);
    ASSERT_EQ(told(order), single) << "seed " << seed;
    copies += order.size();
  }
  ASSERT_GT(copies, 10'000u) << "this property was checked on next to nothing";
}

// Any bytes that a producer may write are folded, twice to the same bytes, and leave a sound state.
TEST(SignalFoldProperty, AnyRecordsLeaveASoundStateAndTheSameBytesTwice) {
  for (int seed = 0; seed < seeds; ++seed) {
    std::vector<std::vector<std::vector<std::byte>>> runs(2);
    for (auto& run : runs) {
      std::mt19937 random(static_cast<unsigned>(seed));
      Folding signal;
      for (int i = 0; i < 60; ++i) {
        const auto fingerprint = "f" + std::to_string(random() % 4);
        const auto start = static_cast<std::int64_t>(random() % 6);
        std::vector<Stepped> steps;
        switch (random() % 6) {
          case 0:
            steps.push_back(signal.fold("acme/web", resolved(fingerprint, start)));
            break;
          case 1:
            steps.push_back(signal.fold("acme/web", service({})));
            break;
          case 2:
            steps.push_back(signal.fold("acme/web", service({rule_on("autoscale.cpu.hi", 1)})));
            break;
          case 3:
            steps = signal.pass(seconds(static_cast<std::int64_t>(random() % 2'000)));
            break;
          default:
            steps.push_back(signal.fold("acme/web", raised(fingerprint, start)));
        }
        for (const auto& step : steps) run.insert(run.end(), step.events.begin(), step.events.end());
      }
    }
    ASSERT_EQ(runs[0], runs[1]) << "seed " << seed;
    ASSERT_FALSE(runs[0].empty());
  }
}

}  // namespace
}  // namespace virtscale::signal
