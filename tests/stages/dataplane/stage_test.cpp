// The whole stage, fold, effects and edge, with a real HAProxy and real servers; only the log is left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "stages/dataplane/edges.hpp"
#include "stages/dataplane/effects.hpp"
#include "tests/integration/haproxy_fixture.hpp"
#include "tests/integration/tiny_server.hpp"
#include "tests/stages/dataplane/driven_fold.hpp"
#include "topology/adapters/asio/executor.hpp"
#include "topology/adapters/probe/http_probe.hpp"

namespace virtscale::dataplane {
namespace {

using test::DrivenFold;
using test::Lines;
using test::retired;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using virtscale::test::HaproxyFixture;
using virtscale::test::http_get;
using virtscale::test::TinyServer;
using namespace std::chrono_literals;

/// Folds what it is given, runs what the fold asks, and folds the answers, all on one thread.
class SmallHost final : public EdgeLog {
 public:
  explicit SmallHost(const std::string& endpoint)
      : executor_(make_executor()),
        probe_(make_http_probe()),
        haproxy_(make_haproxy({.endpoint = endpoint,
                               .check_interval = milliseconds(50),
                               .add_deadline = milliseconds(500),
                               .watch_every = milliseconds(50)})),
        effects_(make_effects(*probe_, *haproxy_, *executor_)) {}

  // The drivers, which are destroyed later, then post to an executor that drops what it is given.
  ~SmallHost() override { executor_->stop(); }

  void watch() {
    watch_balancer(
        *haproxy_,
        [this](std::function<void(const State&)> visit) { executor_->post([this, visit] { visit(fold_.state()); }); },
        *this);
  }

  template <class Body>
  void put(Body body, std::uint64_t scale) {
    const auto shared = std::make_shared<Body>(std::move(body));
    executor_->post([this, shared, scale] { note(fold_.fold(*shared, "acme", scale)); });
  }

  /// Waits until a line is among those that the fold has written.
  bool wait_for(const std::string& line) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto seen = lines();
      if (std::find(seen.begin(), seen.end(), line) != seen.end()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }

  Lines lines() {
    std::promise<Lines> copy;
    executor_->post([&] { copy.set_value(lines_); });
    return copy.get_future().get();
  }

  EventId next_id() override { return {.offset = 1, .index = ++ids_}; }
  void append(EventId, Topic to, std::string_view key, std::vector<std::byte> event, Appended done) override {
    EXPECT_EQ(to, Topic::placements);
    EXPECT_EQ(key, "acme/web");
    executor_->post([this, event = std::move(event), done = std::move(done)] {
      lines_.push_back(std::string(schema::name_of(test::type_of(event))));
      note(fold_.fold(event, "acme"));
      done(nullptr);
    });
  }
  void watch(Topic, std::function<void(const LogRecord&)>) override {}

 private:
  void note(const Lines& lines) {
    lines_.insert(lines_.end(), lines.begin(), lines.end());
    for (auto& asked : std::exchange(fold_.asked(), {})) perform(std::move(asked));
  }

  void perform(test::Asked asked) {
    const auto request = std::make_shared<const EffectRequest>(
        EffectRequest{.id = asked.id, .scale = asked.scale, .org = asked.org, .event = asked.event});
    effects_->perform(request, [this, asked = std::move(asked)](std::vector<std::byte> event) {
      executor_->post([this, asked, event = std::move(event)] {
        lines_.push_back(std::string(schema::name_of(test::type_of(event))));
        note(fold_.answer_to(asked, event));
      });
    });
  }

  std::unique_ptr<ExecutorThread> executor_;
  std::unique_ptr<Probe> probe_;
  std::unique_ptr<Haproxy> haproxy_;
  std::unique_ptr<Effects> effects_;
  std::atomic<std::uint32_t> ids_{0};
  DrivenFold fold_;
  Lines lines_;
};

schema::DomainStartedT started(std::string_view domain, std::uint16_t port, std::string_view backend = "web") {
  schema::DomainStartedT body;
  body.domain = domain;
  body.service = "web";
  body.cell = "eu-a";
  body.address = "127.0.0.1";
  body.port = port;
  body.haproxy_backend = backend;
  body.health = std::make_unique<schema::HealthT>();
  body.health->path = "/healthz";
  body.health->every_us = 20'000;
  body.health->deadline_us = 300'000;
  return body;
}

TEST(DataplaneStage, BringsADomainIntoTrafficAndOutAgain) {
  const HaproxyFixture haproxy;
  const TinyServer server("alive");
  SmallHost host(haproxy.socket());
  host.put(started("d1", server.port()), 7);
  ASSERT_TRUE(host.wait_for("DomainServing d1 of 7 to outcomes acme"));
  EXPECT_THAT(http_get(haproxy.port(), "/"), HasSubstr("alive"));
  host.put(retired("d1"), 9);
  ASSERT_TRUE(host.wait_for("BackendGone d1 of 9 to decisions eu-a"));
  EXPECT_THAT(http_get(haproxy.port(), "/"), HasSubstr("503"));
}

TEST(DataplaneStage, GivesUpADomainThatDoesNotLiveOrThatHaproxyHasNoPlaceFor) {
  const HaproxyFixture haproxy;
  const TinyServer server("alive");
  SmallHost host(haproxy.socket());
  host.put(started("dead", virtscale::test::free_port()), 7);
  host.put(started("homeless", server.port(), "nope"), 8);
  EXPECT_TRUE(host.wait_for("BackendFailed dead of 7 to decisions eu-a"));
  EXPECT_TRUE(host.wait_for("BackendFailed homeless of 8 to decisions eu-a"));
  EXPECT_THAT(host.lines(), IsSupersetOf({"LivenessFailed", "BackendRefused"}));
}

TEST(DataplaneStage, PutsBackWhatARestartOfHaproxyLost) {
  HaproxyFixture haproxy;
  const TinyServer one("one"), two("two");
  SmallHost host(haproxy.socket());
  host.watch();
  host.put(started("d1", one.port()), 7);
  host.put(started("d2", two.port()), 7);
  ASSERT_TRUE(host.wait_for("DomainServing d1 of 7 to outcomes acme"));
  ASSERT_TRUE(host.wait_for("DomainServing d2 of 7 to outcomes acme"));
  std::this_thread::sleep_for(200ms);
  EXPECT_THAT(host.lines(), testing::Not(Contains("LoadBalancerRestarted"))) << "nothing is missing yet";
  haproxy.stop();
  haproxy.start();
  ASSERT_TRUE(host.wait_for("LoadBalancerRestarted"));
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (one.requests() == 0 || two.requests() == 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    http_get(haproxy.port(), "/");
  }
  const auto lines = host.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "DomainServing d1 of 7 to outcomes acme"), 1);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "LoadBalancerRestarted"), 1);
}

TEST(DataplaneStage, PutsBackAServerThatSomebodyElseTookOut) {
  const HaproxyFixture haproxy;
  const TinyServer one("one");
  SmallHost host(haproxy.socket());
  host.watch();
  host.put(started("d1", one.port()), 7);
  ASSERT_TRUE(host.wait_for("DomainServing d1 of 7 to outcomes acme"));
  const auto meddler = make_haproxy({.endpoint = haproxy.socket()});
  std::promise<void> gone;
  meddler->drain("web", "d1", [&](std::uint32_t, const Failure*) { gone.set_value(); });
  gone.get_future().get();
  ASSERT_TRUE(host.wait_for("LoadBalancerRestarted"));
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (one.requests() == 0 && std::chrono::steady_clock::now() < deadline) http_get(haproxy.port(), "/");
  EXPECT_GT(one.requests(), 0U);
}

TEST(DataplaneStage, PutsBackIntoTrafficWhatSomebodyElseHasSetToDrain) {
  const HaproxyFixture haproxy;
  const TinyServer one("one");
  SmallHost host(haproxy.socket());
  host.watch();
  host.put(started("d1", one.port()), 7);
  ASSERT_TRUE(host.wait_for("DomainServing d1 of 7 to outcomes acme"));
  haproxy.command("set server web/d1 state drain");
  ASSERT_TRUE(host.wait_for("LoadBalancerRestarted"));
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (http_get(haproxy.port(), "/").find("one") == std::string::npos)
    ASSERT_TRUE(std::chrono::steady_clock::now() < deadline) << testing::PrintToString(host.lines());
}

// What an owner does that was taken for dead: its AddBackend reaches HAProxy after its successor's DrainBackend.
TEST(DataplaneStage, TakesOutAServerThatWasPutInAfterItHadLeft) {
  const HaproxyFixture haproxy;
  const TinyServer one("one");
  SmallHost host(haproxy.socket());
  host.watch();
  host.put(started("d1", one.port()), 7);
  ASSERT_TRUE(host.wait_for("DomainServing d1 of 7 to outcomes acme"));
  host.put(retired("d1"), 9);
  ASSERT_TRUE(host.wait_for("BackendGone d1 of 9 to decisions eu-a"));
  const auto zombie = make_haproxy({.endpoint = haproxy.socket()});
  std::promise<void> added;
  zombie->add({"web", "d1", {"127.0.0.1", one.port()}, "/healthz"},
              [&](std::uint32_t, const Failure*) { added.set_value(); });
  added.get_future().get();
  ASSERT_TRUE(host.wait_for("StraysFound"));
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  std::string answer;
  do {
    answer = http_get(haproxy.port(), "/");
    ASSERT_TRUE(std::chrono::steady_clock::now() < deadline) << answer << testing::PrintToString(host.lines());
  } while (answer.find("503") == std::string::npos);
}

}  // namespace
}  // namespace virtscale::dataplane
