// Two dataplane processes at one HAProxy, as while one takes over from the other: both ask for the same, or, should one
// have been asleep, for the opposite of it.
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/haproxy_fixture.hpp"
#include "tests/integration/tiny_server.hpp"
#include "topology/adapters/haproxy/haproxy.hpp"
#include "topology/adapters/haproxy/plan.hpp"
#include "topology/adapters/haproxy/runtime_api.hpp"

namespace virtscale {
namespace {

using test::HaproxyFixture;
using test::TinyServer;
using namespace std::chrono_literals;

constexpr int servers = 20;

class HaproxyRace : public testing::Test {
 protected:
  using Outcome = std::pair<std::uint32_t, std::string>;  // servers that take traffic, the fault
  using Outcomes = std::vector<std::future<Outcome>>;

  static LoadBalancer::Changed tell(const std::shared_ptr<std::promise<Outcome>>& ended) {
    return [ended](std::uint32_t count, const Failure* failure) {
      ended->set_value({count, failure == nullptr ? "" : failure->reason});
    };
  }
  static void add(LoadBalancer& balancer, const std::string& name, const TinyServer& target, Outcomes& to) {
    const auto ended = std::make_shared<std::promise<Outcome>>();
    to.push_back(ended->get_future());
    balancer.add({.backend = "web", .server = name, .target = {"127.0.0.1", target.port()}, .check_path = "/"},
                 tell(ended));
  }
  static void drain(LoadBalancer& balancer, const std::string& name, Outcomes& to) {
    const auto ended = std::make_shared<std::promise<Outcome>>();
    to.push_back(ended->get_future());
    balancer.drain("web", name, tell(ended));
  }
  static void expect_done(Outcomes& outcomes) {
    for (auto& one : outcomes) {
      ASSERT_EQ(one.wait_for(15s), std::future_status::ready);
      EXPECT_EQ(one.get().second, "");
    }
  }
  // Servers that take traffic, as an operation that changes nothing counts them.
  std::uint32_t count() {
    Outcomes outcome;
    drain(*one, "never-there", outcome);
    drain(*one, "d-0", outcome);
    return outcome.back().get().first;
  }
  std::unique_ptr<Haproxy> client() {
    return make_haproxy({.endpoint = haproxy_.socket(),
                         .look_every = milliseconds(5),
                         .check_interval = milliseconds(20),
                         .drain_deadline = seconds(10)});
  }
  std::string send(const std::string& line) {
    haproxy::RuntimeApi api(haproxy_.socket(), seconds(2));
    std::promise<std::string> said;
    api.send(line, [&](const std::string& reply, const Failure*) { said.set_value(reply); });
    return said.get_future().get();
  }
  static std::string name_of(int number) { return "d-" + std::to_string(number); }

  HaproxyFixture haproxy_;
  TinyServer web{"web"};
  std::unique_ptr<Haproxy> one = client(), other = client();
};

TEST_F(HaproxyRace, TwoThatAddTheSameServersAddEachOnce) {
  for (int turn = 0; turn < 3; ++turn) {
    Outcomes outcomes;
    for (int i = 1; i <= servers; ++i) {
      for (auto* client : {one.get(), other.get()}) add(*client, name_of(i), web, outcomes);
    }
    expect_done(outcomes);
    EXPECT_EQ(count(), static_cast<std::uint32_t>(servers));
    outcomes.clear();
    for (int i = 1; i <= servers; ++i) {
      for (auto* client : {one.get(), other.get()}) drain(*client, name_of(i), outcomes);
    }
    expect_done(outcomes);
    EXPECT_EQ(count(), 0U);
  }
}

// A sleeper wakes up with a request that was answered long ago, while its successor is at the opposite: whatever the
// order, each gets an answer, and who asks last decides.
TEST_F(HaproxyRace, AnAddAndADrainAtOnceEndAndTheLastWordCounts) {
  for (int turn = 0; turn < 5; ++turn) {
    Outcomes outcomes;
    for (int i = 1; i <= servers; ++i) {
      add(*one, name_of(i), web, outcomes);
      drain(*other, name_of(i), outcomes);
    }
    for (auto& outcome : outcomes) ASSERT_EQ(outcome.wait_for(15s), std::future_status::ready);
    outcomes.clear();
    for (int i = 1; i <= servers; ++i)
      (i % 2 == 0) ? add(*other, name_of(i), web, outcomes) : drain(*other, name_of(i), outcomes);
    expect_done(outcomes);
    EXPECT_EQ(count(), static_cast<std::uint32_t>(servers / 2));
  }
}

// The successor adds what its predecessor has let in already; that must not take it out of traffic for a moment.
TEST_F(HaproxyRace, AnAddOfWhatServesTakesNothingOutOfTraffic) {
  Outcomes outcomes;
  add(*one, "d-1", web, outcomes);
  expect_done(outcomes);
  for (int turn = 0; turn < 20; ++turn) {
    outcomes.clear();
    for (auto* client : {one.get(), other.get()}) add(*client, "d-1", web, outcomes);
    EXPECT_NE(test::http_get(haproxy_.port(), "/").find("web"), std::string::npos);
    expect_done(outcomes);
  }
}

// What a process sends whose look is older than what another has done since: it found no server, and adds it.
TEST_F(HaproxyRace, AnAdditionThatComesTooLateLeavesTheServerInTraffic) {
  Outcomes outcomes;
  add(*one, "d-1", web, outcomes);
  expect_done(outcomes);
  const auto late = haproxy::next_of({.aim = haproxy::Aim::in,
                                      .backend = "web",
                                      .server = "d-1",
                                      .target = {"127.0.0.1", web.port()},
                                      .options = "check inter 20ms"},
                                     nullptr);
  EXPECT_NE(send(late.command).find("Already exists"), std::string::npos);
  EXPECT_EQ(count(), 1U);
  // The same of one that found it in maintenance.
  EXPECT_NE(send("del server web/d-1").find("Only servers in maintenance"), std::string::npos);
  EXPECT_EQ(count(), 1U);
}

}  // namespace
}  // namespace virtscale
