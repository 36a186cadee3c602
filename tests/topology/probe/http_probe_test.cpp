// The HTTP probe against real servers on loopback.
#include "topology/adapters/probe/http_probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>

#include "tests/integration/tiny_server.hpp"

namespace virtscale {
namespace {

using test::TinyServer;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct Result {
  std::uint32_t attempts = 0;
  std::string fault;
};

ProbeOrder order_for(std::uint16_t port) {
  return {.target = {.address = "127.0.0.1", .port = port},
          .path = "/healthz",
          .every = milliseconds(20),
          .deadline = milliseconds(400)};
}

std::future<Result> begin(Probe& probe, const ProbeOrder& order) {
  auto promise = std::make_shared<std::promise<Result>>();
  probe.probe(order, [promise](std::uint32_t attempts, const Failure* failure) {
    promise->set_value({attempts, failure == nullptr ? "" : failure->reason});
  });
  return promise->get_future();
}

Result run(const ProbeOrder& order, HttpProbeSettings settings = {}) {
  const auto probe = make_http_probe(settings);
  auto result = begin(*probe, order);
  if (result.wait_for(5s) != std::future_status::ready) return {0, "never called back"};
  return result.get();
}

TEST(HttpProbe, TellsAtTheFirst2xxHowManyProbesItTook) {
  const TinyServer server("live");
  const auto result = run(order_for(server.port()));
  EXPECT_EQ(result.fault, "");
  EXPECT_EQ(result.attempts, 1U);
}

TEST(HttpProbe, TakesARefusedConnectionForNotYet) {
  const auto probe = make_http_probe();
  std::uint16_t port = 0;
  {
    const TinyServer gone("gone");
    port = gone.port();
  }
  const auto result = begin(*probe, order_for(port)).get();
  EXPECT_GT(result.attempts, 5U);
  EXPECT_THAT(result.fault, HasSubstr("http://127.0.0.1:" + std::to_string(port) + "/healthz within 400 ms"));
  EXPECT_THAT(result.fault, HasSubstr("Connection refused"));
}

TEST(HttpProbe, WaitsForTheServerThatIsNotReadyYet) {
  TinyServer server("slow to wake");
  server.answer_with(503);
  const auto probe = make_http_probe();
  auto result = begin(*probe, order_for(server.port()));
  ASSERT_EQ(result.wait_for(150ms), std::future_status::timeout);
  server.answer_with(204);
  const auto end = result.get();
  EXPECT_EQ(end.fault, "");
  EXPECT_GE(end.attempts, 4U);
}

TEST(HttpProbe, NamesTheStatusThatItSawLast) {
  TinyServer server("ill");
  server.answer_with(500);
  EXPECT_THAT(run(order_for(server.port())).fault, HasSubstr("it answers with status 500"));
}

TEST(HttpProbe, GivesUpOnAServerThatNeverAnswers) {
  const TinyServer server("asleep", 10s);
  auto order = order_for(server.port());
  order.path = "/slow";
  const auto result = run(order, {.attempt_timeout = milliseconds(100)});
  EXPECT_THAT(result.fault, HasSubstr("no answer in time"));
  EXPECT_LE(result.attempts, 5U);
}

TEST(HttpProbe, RefusesWhatItCannotProbeAndSaysWhy) {
  auto order = order_for(80);
  order.target.address = "host.example";
  EXPECT_THAT(run(order).fault, HasSubstr("not an IP address"));
  order = order_for(80);
  order.path = "/x\r\nHost: other";
  EXPECT_THAT(run(order).fault, HasSubstr("`health.path`"));
  order = order_for(80);
  order.every = Duration{};
  EXPECT_THAT(run(order).fault, HasSubstr("`health.every`"));
}

TEST(HttpProbe, RunsManyAtATimeWithinItsBoundOfConnections) {
  const TinyServer server("busy");
  const auto probe = make_http_probe({.open_max = 8});
  auto order = order_for(server.port());
  order.deadline = seconds(5);
  std::vector<std::future<Result>> results;
  for (int i = 0; i < 200; ++i) results.push_back(begin(*probe, order));
  for (auto& result : results) EXPECT_EQ(result.get().fault, "");
}

TEST(HttpProbe, DropsWhatIsUnderWayWhenItEnds) {
  const TinyServer server("asleep", 10s);
  auto order = order_for(server.port());
  order.path = "/slow";
  auto probe = make_http_probe();
  auto result = begin(*probe, order);
  probe.reset();
  EXPECT_THROW(result.get(), std::future_error);
}

}  // namespace
}  // namespace virtscale
