// Random histories: whatever happens in whatever order, every domain comes to its one end.
#include <gtest/gtest.h>

#include <random>

#include "tests/stages/dataplane/driven_fold.hpp"

namespace virtscale::dataplane {
namespace {

using test::Asked;
using test::DrivenFold;
using test::Lines;

constexpr int domains_count = 30;
constexpr std::uint64_t retirement_base = 1'000;

/// What has become of one domain.
struct Fate {
  bool started = false;
  bool retired = false;
  std::map<std::string, int> ends;  // by event
};

/// A world that answers at random, remembers every end, and can be told to settle.
class RandomWorld {
 public:
  explicit RandomWorld(std::uint64_t seed) : random_(seed) {}

  void step() {
    switch (below(6)) {
      case 0:
        return start();
      case 1:
        return retire();
      case 2:
        return restart();
      case 3:
        return fire_a_timer();
      default:
        return answer_a_request();
    }
  }

  /// Answers and fires until nothing is left to do.
  void settle() {
    for (int i = 0; i < 100'000 && !(fold_.asked().empty() && fold_.timers().empty()); ++i) {
      if (fold_.asked().empty()) fire_a_timer();
      answer_a_request();
    }
  }

  const std::map<std::string, Fate>& fates() const { return fates_; }
  DrivenFold& fold() { return fold_; }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  std::string any_domain() { return "d" + std::to_string(below(domains_count)); }

  void note(const Lines& lines) {
    for (const auto& line : lines) {
      const auto space = line.find(' ');
      const auto event = line.substr(0, space);
      const auto domain = line.substr(space + 1, line.find(' ', space + 1) - space - 1);
      if (event != "ask" && event != "wake") ++fates_[domain].ends[event];
    }
  }

  void start() {
    schema::DomainStartedT body;
    const auto domain = any_domain();
    if (std::exchange(fates_[domain].started, true)) return;
    body.domain = domain;
    body.service = below(2) == 0 ? "web" : "api";
    body.cell = "eu-a";
    body.address = "10.0.0.7";
    body.haproxy_backend = body.service == "web" ? "web" : "";
    note(fold_.fold(body, "acme", 1 + below(9)));
  }

  void retire() {
    schema::DomainRetiredT body;
    const auto domain = any_domain();
    body.domain = domain;
    auto& fate = fates_[domain];
    if (!fate.started || fate.retired) return;
    fate.retired = true;
    body.service = "web";
    note(fold_.fold(body, "acme", retirement_base + below(9)));
  }

  void restart() {
    schema::LoadBalancerRestartedT body;
    body.service = "web";
    note(fold_.fold(body, "acme", 0));
  }

  void fire_a_timer() {
    if (fold_.timers().empty()) return;
    auto timer = fold_.timers().begin();
    std::advance(timer, below(fold_.timers().size()));
    note(fold_.fire(std::string(timer->first)));
  }

  void answer_a_request() {
    auto& asked = fold_.asked();
    if (asked.empty()) return;
    const auto chosen = asked.begin() + static_cast<std::ptrdiff_t>(below(asked.size()));
    const Asked request = std::move(*chosen);
    asked.erase(chosen);
    const bool good = below(3) != 0;
    switch (test::type_of(request.event)) {
      case schema::Body::ProbeDomain:
        return good ? reply<schema::LivenessPassedT>(request) : reply<schema::LivenessFailedT>(request);
      case schema::Body::AddBackend:
        return good ? reply<schema::BackendAddedT>(request) : reply<schema::BackendRefusedT>(request);
      default:
        return good ? reply<schema::BackendDrainedT>(request) : reply<schema::DrainFailedT>(request);
    }
  }

  template <class Body>
  void reply(const Asked& request) {
    Body body;
    body.domain = test::domain_of(request.event);
    note(fold_.answer_to(request, body));
  }

  std::mt19937_64 random_;
  DrivenFold fold_;
  std::map<std::string, Fate> fates_;
};

int count(const Fate& fate, const std::string& event) {
  const auto found = fate.ends.find(event);
  return found == fate.ends.end() ? 0 : found->second;
}

TEST(DataplaneProperty, EveryDomainComesToItsOneEnd) {
  int served = 0, failed = 0, gone = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    RandomWorld world(seed);
    for (int i = 0; i < 400; ++i) world.step();
    world.settle();
    ASSERT_TRUE(world.fold().asked().empty()) << seed;
    std::size_t present = 0;
    for (const auto& [domain, fate] : world.fates()) {
      const int begun = count(fate, "DomainServing") + count(fate, "BackendFailed");
      ASSERT_EQ(begun, fate.started ? 1 : 0) << domain << " of seed " << seed;
      ASSERT_EQ(count(fate, "BackendGone"), fate.retired ? 1 : 0) << domain << " of seed " << seed;
      if (count(fate, "DomainServing") == 1 && !fate.retired) ++present;
      served += count(fate, "DomainServing");
      failed += count(fate, "BackendFailed");
      gone += count(fate, "BackendGone");
    }
    ASSERT_EQ(world.fold().state().backends.size(), present) << seed;
  }
  // A run in which little happened proves little.
  EXPECT_GT(served, 1'000);
  EXPECT_GT(failed, 1'000);
  EXPECT_GT(gone, 1'000);
}

TEST(DataplaneProperty, TheSameHistoryGivesTheSameBytes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RandomWorld first(seed), second(seed);
    for (int i = 0; i < 300; ++i) {
      first.step();
      second.step();
    }
    ASSERT_FALSE(first.fold().recording().empty());
    ASSERT_EQ(first.fold().recording(), second.fold().recording()) << seed;
  }
}

}  // namespace
}  // namespace virtscale::dataplane
