// The adapter against the real HAProxy of the system, with real servers behind it.
#include "topology/adapters/haproxy/haproxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <mutex>
#include <thread>

#include "tests/integration/haproxy_fixture.hpp"
#include "tests/integration/tiny_server.hpp"
#include "tests/topology/eventually.hpp"
#include "topology/adapters/haproxy/runtime_api.hpp"

namespace virtscale {
namespace {

using test::HaproxyFixture;
using test::http_get;
using test::TinyServer;
using testing::HasSubstr;

using namespace std::chrono_literals;

struct Outcome {
  std::uint32_t servers = 0;
  std::string fault;
  bool temporary = false;
};

LoadBalancer::Changed tell(const std::shared_ptr<std::promise<Outcome>>& promise) {
  return [promise](std::uint32_t servers, const Failure* failure) {
    promise->set_value({servers, failure == nullptr ? "" : failure->reason, failure != nullptr && failure->temporary});
  };
}

std::future<Outcome> begin_add(LoadBalancer& balancer, const BackendOrder& order) {
  const auto promise = std::make_shared<std::promise<Outcome>>();
  balancer.add(order, tell(promise));
  return promise->get_future();
}

std::future<Outcome> begin_drain(LoadBalancer& balancer, const std::string& server, const std::string& backend) {
  const auto promise = std::make_shared<std::promise<Outcome>>();
  balancer.drain(backend, server, tell(promise));
  return promise->get_future();
}

std::int64_t depth_of(Haproxy& balancer, const std::string& backend) {
  std::promise<std::int64_t> answered;
  balancer.queue_depth(backend, [&](std::int64_t depth, const Failure*) { answered.set_value(depth); });
  return answered.get_future().get();
}

/// Within 15 s, or a fault that says so.
Outcome end_of(std::future<Outcome> outcome) {
  if (outcome.wait_for(15s) != std::future_status::ready) return {0, "never called back"};
  return outcome.get();
}

BackendOrder order_of(const std::string& server, std::uint16_t port) {
  return {.backend = "web", .server = server, .target = {.address = "127.0.0.1", .port = port}, .check_path = "/"};
}

Outcome add(LoadBalancer& balancer, const std::string& server, const TinyServer& target) {
  return end_of(begin_add(balancer, order_of(server, target.port())));
}

Outcome drain(LoadBalancer& balancer, const std::string& server, const std::string& backend = "web") {
  return end_of(begin_drain(balancer, server, backend));
}

class HaproxyAdapter : public testing::Test {
 protected:
  std::unique_ptr<Haproxy> adapter(Duration add_deadline = seconds(5), Duration drain_deadline = seconds(10)) {
    return make_haproxy({.endpoint = haproxy_.socket(),
                         .check_interval = milliseconds(50),
                         .add_deadline = add_deadline,
                         .drain_deadline = drain_deadline,
                         .watch_every = milliseconds(50)});
  }

  HaproxyFixture haproxy_;
};

TEST_F(HaproxyAdapter, LetsTrafficToAServerThatItAddsAndNoneToOneThatItDrained) {
  const auto balancer = adapter();
  const TinyServer one("one");
  EXPECT_THAT(http_get(haproxy_.port(), "/"), HasSubstr("503"));
  const auto added = add(*balancer, "d1", one);
  EXPECT_EQ(added.fault, "");
  EXPECT_EQ(added.servers, 1U);
  EXPECT_THAT(http_get(haproxy_.port(), "/"), HasSubstr("one"));
  const auto drained = drain(*balancer, "d1");
  EXPECT_EQ(drained.fault, "");
  EXPECT_EQ(drained.servers, 0U);
  EXPECT_THAT(http_get(haproxy_.port(), "/"), HasSubstr("503"));
}

TEST_F(HaproxyAdapter, MayBeAskedAgainAndEndsInTheSameResult) {
  const auto balancer = adapter();
  const TinyServer one("one");
  auto first = begin_add(*balancer, order_of("d1", one.port()));
  auto second = begin_add(*balancer, order_of("d1", one.port()));
  EXPECT_EQ(end_of(std::move(first)).fault, "");
  EXPECT_EQ(end_of(std::move(second)).servers, 1U);
  // Another process takes over, and asks what was asked before.
  const auto successor = adapter();
  EXPECT_EQ(add(*successor, "d1", one).servers, 1U);
  EXPECT_EQ(drain(*successor, "d1").fault, "");
  EXPECT_EQ(drain(*balancer, "d1").fault, "");
  EXPECT_EQ(drain(*balancer, "never-there").fault, "");
}

TEST_F(HaproxyAdapter, ReplacesAServerThatHasAnotherAddress) {
  const auto balancer = adapter();
  const TinyServer old("old"), young("young");
  ASSERT_EQ(add(*balancer, "d1", old).fault, "");
  EXPECT_EQ(add(*balancer, "d1", young).fault, "");
  EXPECT_THAT(http_get(haproxy_.port(), "/"), HasSubstr("young"));
}

TEST_F(HaproxyAdapter, KeepsAServerThatFailsItsCheckOutOfTraffic) {
  const auto balancer = adapter(milliseconds(400));
  TinyServer ill("ill");
  const TinyServer well("well");
  ill.answer_with(500);
  ASSERT_EQ(add(*balancer, "well", well).fault, "");
  auto refused = begin_add(*balancer, order_of("ill", ill.port()));
  for (int i = 0; i < 50; ++i) EXPECT_THAT(http_get(haproxy_.port(), "/"), HasSubstr("well"));
  const auto outcome = end_of(std::move(refused));
  EXPECT_THAT(outcome.fault, HasSubstr("web/ill takes no traffic 400 ms after"));
  EXPECT_THAT(outcome.fault, HasSubstr("L7STS"));
  EXPECT_TRUE(outcome.temporary);
  EXPECT_EQ(ill.requests(), 0U);
  // The next attempt takes up what the first has left.
  ill.answer_with(200);
  EXPECT_EQ(add(*balancer, "ill", ill).servers, 2U);
}

TEST_F(HaproxyAdapter, WaitsForTheLastConnectionOfAServerThatItDrains) {
  const auto balancer = adapter();
  TinyServer slow("slow");
  ASSERT_EQ(add(*balancer, "d1", slow).fault, "");
  slow.hold(true);
  auto response = std::async(std::launch::async, [&] { return http_get(haproxy_.port(), "/"); });
  EXPECT_TRUE(eventually([&] { return slow.waiting() == 1; }));
  auto drained = begin_drain(*balancer, "d1", "web");
  EXPECT_EQ(drained.wait_for(150ms), std::future_status::timeout);
  slow.hold(false);
  EXPECT_EQ(end_of(std::move(drained)).fault, "");
  EXPECT_THAT(response.get(), HasSubstr("slow"));
}

TEST_F(HaproxyAdapter, SaysWhatKeepsADrainThatTakesTooLong) {
  const auto balancer = adapter(seconds(5), milliseconds(150));
  TinyServer slow("slow");
  ASSERT_EQ(add(*balancer, "d1", slow).fault, "");
  slow.hold(true);
  auto response = std::async(std::launch::async, [&] { return http_get(haproxy_.port(), "/"); });
  EXPECT_TRUE(eventually([&] { return slow.waiting() == 1; }));
  EXPECT_THAT(drain(*balancer, "d1").fault, HasSubstr("it waited for 1 connections and 0 queued requests to end"));
  slow.hold(false);
  EXPECT_THAT(response.get(), HasSubstr("slow"));
}

TEST_F(HaproxyAdapter, NamesTheBackendThatIsUnknownAndTheRemedy) {
  const auto balancer = adapter();
  auto order = order_of("d1", 80);
  order.backend = "nope";
  const auto outcome = end_of(begin_add(*balancer, order));
  EXPECT_THAT(outcome.fault, HasSubstr("no backend \"nope\"; add `backend nope`"));
  EXPECT_FALSE(outcome.temporary);
  EXPECT_EQ(drain(*balancer, "d1", "nope").fault, "");
}

TEST_F(HaproxyAdapter, SaysThatHaproxyIsAwayAndMayComeBack) {
  const auto balancer = adapter();
  const TinyServer one("one");
  haproxy_.stop();
  const auto outcome = add(*balancer, "d1", one);
  EXPECT_THAT(outcome.fault, HasSubstr("haproxy at " + haproxy_.socket() + ": cannot connect"));
  EXPECT_TRUE(outcome.temporary);
  haproxy_.start();
  EXPECT_EQ(add(*balancer, "d1", one).fault, "");
}

TEST_F(HaproxyAdapter, TellsHowManyRequestsWait) {
  const auto balancer =
      make_haproxy({.endpoint = haproxy_.tcp_endpoint(), .check_interval = milliseconds(50), .connections_max = 1});
  TinyServer slow("slow");
  ASSERT_EQ(add(*balancer, "d1", slow).fault, "");
  slow.hold(true);
  std::vector<std::future<std::string>> requests;
  for (int i = 0; i < 4; ++i)
    requests.push_back(std::async(std::launch::async, [&] { return http_get(haproxy_.port(), "/"); }));
  EXPECT_TRUE(eventually([&] { return depth_of(*balancer, "web") == 3; }));
  slow.hold(false);
  std::promise<std::string> unknown;
  balancer->queue_depth("nope", [&](std::int64_t, const Failure* failure) { unknown.set_value(failure->reason); });
  EXPECT_THAT(unknown.get_future().get(), HasSubstr("no backend \"nope\""));
}

/// Collects what the watch has seen.
class Sights {
 public:
  explicit Sights(Haproxy& haproxy) {
    haproxy.watch([this](const HaproxySight& sight) {
      const std::lock_guard lock(mutex_);
      seen_.push_back(sight);
      more_.notify_all();
    });
  }

  template <class Predicate>
  bool wait_for(Predicate wanted) {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, 5s, [&] { return std::any_of(seen_.begin(), seen_.end(), wanted); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<HaproxySight> seen_;
};

TEST_F(HaproxyAdapter, SeesARestartAndWhatIsLost) {
  auto balancer = adapter();
  const TinyServer one("one");
  ASSERT_EQ(add(*balancer, "d1", one).fault, "");
  Sights sights(*balancer);
  EXPECT_TRUE(sights.wait_for([](const HaproxySight& sight) {
    const auto pool = sight.servers.find("web");
    return sight.continuity == HaproxySight::Continuity::same && pool != sight.servers.end() &&
           pool->second.contains("d1");
  }));
  haproxy_.stop();
  haproxy_.start();
  EXPECT_TRUE(sights.wait_for([](const HaproxySight& sight) {
    return sight.continuity == HaproxySight::Continuity::restarted && !sight.servers.contains("web");
  }));
  balancer.reset();
}

TEST(HaproxyAdapterSettings, RefuseAnEndpointThatIsNone) {
  EXPECT_THROW(make_haproxy({.endpoint = "localhost:99"}), std::invalid_argument);
  EXPECT_THROW(make_haproxy({.endpoint = "127.0.0.1"}), std::invalid_argument);
  EXPECT_THROW(make_haproxy({.endpoint = "127.0.0.1:0"}), std::invalid_argument);
  EXPECT_THROW(make_haproxy({.endpoint = "/" + std::string(200, 'x')}), std::invalid_argument);
}

TEST(HaproxyAdapterBackends, OfAStaticBalanceAreRefusedWithTheRemedy) {
  const HaproxyFixture haproxy({.balance = "static-rr"});
  const auto balancer = make_haproxy({.endpoint = haproxy.socket()});
  const TinyServer one("one");
  EXPECT_THAT(add(*balancer, "d1", one).fault, HasSubstr("set `balance leastconn` in that backend"));
}

/// `wrk` against a URL until `stop`; what it printed tells of every request that failed at the client.
class Load {
 public:
  explicit Load(const std::string& url)
      : pipe_(popen(("exec timeout -s INT 60 wrk -t1 -c20 -d60s --latency " + url + " & echo $!; wait").c_str(), "r")) {
    std::array<char, 32> line{};
    if (fgets(line.data(), line.size(), pipe_) != nullptr) pid_ = std::stoi(line.data());
  }

  std::string stop() {
    kill(pid_, SIGINT);
    std::string output;
    std::array<char, 512> buffer{};
    while (fgets(buffer.data(), buffer.size(), pipe_) != nullptr) output += buffer.data();
    pclose(pipe_);
    return output;
  }

 private:
  FILE* pipe_;
  pid_t pid_ = -1;
};

TEST_F(HaproxyAdapter, DropsNoRequestWhileServersComeAndGo) {
  const auto balancer = adapter();
  const TinyServer always("always", 5ms), guest("guest", 5ms);
  ASSERT_EQ(add(*balancer, "always", always).fault, "");
  Load load(haproxy_.url());
  for (int i = 0; i < 20; ++i) {
    const auto name = "guest-" + std::to_string(i);
    const auto before = guest.requests();
    ASSERT_EQ(add(*balancer, name, guest).fault, "");
    std::this_thread::sleep_for(50ms);
    EXPECT_GT(guest.requests(), before) << name << " got no traffic";
    ASSERT_EQ(drain(*balancer, name).fault, "");
  }
  const auto report = load.stop();
  EXPECT_THAT(report, HasSubstr("requests in"));
  EXPECT_THAT(report, testing::Not(HasSubstr("Socket errors"))) << report;
  EXPECT_THAT(report, testing::Not(HasSubstr("Non-2xx"))) << report;
  EXPECT_GT(always.requests(), 1'000U) << report;
}

TEST_F(HaproxyAdapter, IsMeasuredByALoadThatSeesARequestCutOff) {
  const auto balancer = adapter();
  const TinyServer one("one", 5ms), two("two", 5ms);
  ASSERT_EQ(add(*balancer, "one", one).fault, "");
  ASSERT_EQ(add(*balancer, "two", two).fault, "");
  Load load(haproxy_.url());
  std::this_thread::sleep_for(200ms);
  haproxy::RuntimeApi api(haproxy_.socket(), seconds(2));
  const auto say = [&api](const std::string& words) {
    std::promise<void> said;
    api.send(words, [&](const std::string&, const Failure*) { said.set_value(); });
    said.get_future().get();
  };
  // Of twenty requests at a time one cut meets some, as a rule; on a busy machine it may come between two.
  for (int cuts = 0; cuts < 10; ++cuts) {
    say("set server web/two state maint; shutdown sessions server web/two");
    say("set server web/two state ready");
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_THAT(load.stop(), HasSubstr("Socket errors"));
}

TEST_F(HaproxyAdapter, SharesItsLooksAmongManyServersAtOnce) {
  const auto balancer = adapter();
  const TinyServer one("one");
  std::vector<std::future<Outcome>> ends;
  for (int i = 0; i < 100; ++i) ends.push_back(begin_add(*balancer, order_of("d" + std::to_string(i), one.port())));
  for (auto& end : ends) ASSERT_EQ(end_of(std::move(end)).fault, "");
  EXPECT_EQ(add(*balancer, "d0", one).servers, 100U);
  ends.clear();
  for (int i = 0; i < 100; ++i) ends.push_back(begin_drain(*balancer, "d" + std::to_string(i), "web"));
  for (auto& end : ends) ASSERT_EQ(end_of(std::move(end)).fault, "");
}

}  // namespace
}  // namespace virtscale
