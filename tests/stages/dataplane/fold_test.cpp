// The fold of dataplane, event by event.
#include "stages/dataplane/fold.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stages/dataplane/driven_fold.hpp"

namespace virtscale::dataplane {
namespace {

using test::DrivenFold;
using test::Lines;
using test::retired;
using testing::ElementsAre;
using testing::IsEmpty;

static_assert(Stage<Fold>);

constexpr std::uint64_t birth = 7;
constexpr std::uint64_t retirement = 9;

schema::DomainStartedT started(std::string_view domain, std::string_view backend = "web") {
  schema::DomainStartedT body;
  body.domain = domain;
  body.service = "web";
  body.cell = "eu-a";
  body.address = "10.0.0.7";
  body.port = 8080;
  body.haproxy_backend = backend;
  body.health = std::make_unique<schema::HealthT>();
  body.health->path = "/healthz";
  body.health->every_us = 500'000;
  body.health->deadline_us = 60'000'000;
  return body;
}

template <class Body>
Body because(const std::string& reason) {
  Body body;
  body.reason = reason;
  return body;
}

schema::BackendAddedT added(std::uint32_t backends) {
  schema::BackendAddedT body;
  body.backends = backends;
  return body;
}

schema::LoadBalancerRestartedT restarted() {
  schema::LoadBalancerRestartedT body;
  body.service = "web";
  return body;
}

class DataplaneFold : public testing::Test {
 protected:
  Lines start(const std::string& domain, const std::string& backend = "web") {
    return fold_.fold(started(domain, backend), "acme", birth);
  }
  Lines retire(const std::string& domain) { return fold_.fold(retired(domain), "acme", retirement); }
  Lines restart() { return fold_.fold(restarted(), "acme", 0); }
  Lines live(const std::string& domain) {
    schema::LivenessPassedT body;
    body.attempts = 3;
    return fold_.answer<schema::ProbeDomainT>(std::move(body), domain);
  }
  Lines not_live(const std::string& domain) {
    return fold_.answer<schema::ProbeDomainT>(because<schema::LivenessFailedT>("refused"), domain);
  }
  Lines join(const std::string& domain) { return fold_.answer<schema::AddBackendT>(added(9), domain); }
  Lines refuse(const std::string& domain) {
    return fold_.answer<schema::AddBackendT>(because<schema::BackendRefusedT>("no backend"), domain);
  }
  Lines drained(const std::string& domain) {
    return fold_.answer<schema::DrainBackendT>(schema::BackendDrainedT(), domain);
  }
  Lines not_drained(const std::string& domain) {
    return fold_.answer<schema::DrainBackendT>(because<schema::DrainFailedT>("away"), domain);
  }
  Lines strays(const std::vector<std::string>& domains) {
    schema::StraysFoundT body;
    body.service = body.backend = "web";
    body.domains = domains;
    return fold_.fold(body, "acme", 0);
  }
  void serve(const std::string& domain) {
    start(domain);
    live(domain);
    join(domain);
  }

  DrivenFold fold_;
};

TEST_F(DataplaneFold, BringsAStartedDomainIntoTraffic) {
  EXPECT_THAT(start("d1"), ElementsAre("ask ProbeDomain d1 of 7"));
  EXPECT_THAT(live("d1"), ElementsAre("ask AddBackend d1 of 7"));
  EXPECT_THAT(join("d1"), ElementsAre("DomainServing d1 of 7 to outcomes acme"));
}

TEST_F(DataplaneFold, TakesARetiredDomainOutBeforeItIsGone) {
  serve("d1");
  EXPECT_THAT(retire("d1"), ElementsAre("ask DrainBackend d1 of 9"));
  EXPECT_THAT(drained("d1"), ElementsAre("BackendGone d1 of 9 to decisions eu-a"));
  EXPECT_EQ(fold_.state().backends.size(), 0U);
}

TEST_F(DataplaneFold, AsksNoBalancerForAServiceThatIsBehindNone) {
  start("d1", "");
  EXPECT_THAT(live("d1"), ElementsAre("DomainServing d1 of 7 to outcomes acme"));
  EXPECT_THAT(retire("d1"), ElementsAre("BackendGone d1 of 9 to decisions eu-a"));
}

TEST_F(DataplaneFold, TellsOrchestrationOfADomainThatNeverLived) {
  start("d1");
  EXPECT_THAT(not_live("d1"), ElementsAre("BackendFailed d1 of 7 to decisions eu-a"));
  EXPECT_EQ(fold_.state().backends.size(), 0U);
}

TEST_F(DataplaneFold, TellsOrchestrationOfADomainThatTheBalancerRefused) {
  start("d1");
  live("d1");
  EXPECT_THAT(refuse("d1"), ElementsAre("BackendFailed d1 of 7 to decisions eu-a"));
}

TEST_F(DataplaneFold, LetsADomainThatIsRetiredOnItsWayInServeFirst) {
  start("d1");
  EXPECT_THAT(retire("d1"), IsEmpty());
  live("d1");
  EXPECT_THAT(join("d1"), ElementsAre("DomainServing d1 of 7 to outcomes acme", "ask DrainBackend d1 of 9"));
  EXPECT_THAT(drained("d1"), ElementsAre("BackendGone d1 of 9 to decisions eu-a"));
}

TEST_F(DataplaneFold, EndsBothScalesOfADomainThatFailedAndWasRetired) {
  start("d1");
  retire("d1");
  EXPECT_THAT(not_live("d1"),
              ElementsAre("BackendFailed d1 of 7 to decisions eu-a", "BackendGone d1 of 9 to decisions eu-a"));
  start("d2");
  not_live("d2");
  EXPECT_THAT(retire("d2"), ElementsAre("BackendGone d2 of 9 to decisions eu-a"));
}

TEST_F(DataplaneFold, IgnoresASecondStartAndASecondRetirement) {
  serve("d1");
  EXPECT_THAT(start("d1"), IsEmpty());
  retire("d1");
  EXPECT_THAT(retire("d1"), IsEmpty());
}

TEST_F(DataplaneFold, DrainsAgainAfterAPauseAndGivesUpAfterTenTimes) {
  serve("d1");
  retire("d1");
  EXPECT_THAT(not_drained("d1"), ElementsAre("wake drain/acme/d1 at 5000000"));
  for (std::uint32_t failed = 1; failed + 1 < drains_failed_max; ++failed) {
    EXPECT_THAT(fold_.fire("drain/acme/d1"), ElementsAre("ask DrainBackend d1 of 9"));
    EXPECT_THAT(not_drained("d1"), testing::SizeIs(1));
  }
  fold_.fire("drain/acme/d1");
  EXPECT_THAT(not_drained("d1"), ElementsAre("BackendGone d1 of 9 to decisions eu-a"));
  EXPECT_TRUE(fold_.timers().empty());
}

TEST_F(DataplaneFold, PutsBackWhatARestartedBalancerLacks) {
  serve("d1");
  serve("d2");
  start("d3");
  start("d4", "");
  live("d4");
  EXPECT_THAT(restart(), ElementsAre("ask AddBackend d1 of 7", "ask AddBackend d2 of 7"));
  EXPECT_THAT(join("d1"), IsEmpty()) << "it serves already";
}

TEST_F(DataplaneFold, AddsOnceMoreIfTheBalancerRestartedMeanwhile) {
  start("d1");
  live("d1");
  EXPECT_THAT(restart(), IsEmpty());
  EXPECT_THAT(join("d1"), ElementsAre("DomainServing d1 of 7 to outcomes acme", "ask AddBackend d1 of 7"));
  restart();
  EXPECT_THAT(join("d1"), ElementsAre("ask AddBackend d1 of 7"));
  EXPECT_THAT(join("d1"), IsEmpty());
}

TEST_F(DataplaneFold, OffersAServingDomainAgainThatTheBalancerDidNotTakeBack) {
  serve("d1");
  restart();
  EXPECT_THAT(refuse("d1"), ElementsAre("wake rejoin/acme/d1 at 30000000"));
  EXPECT_THAT(fold_.fire("rejoin/acme/d1"), ElementsAre("ask AddBackend d1 of 7"));
  EXPECT_THAT(join("d1"), IsEmpty());
}

TEST_F(DataplaneFold, DrainsAStrayOnceForEachTimeThatItIsSeen) {
  serve("d1");
  retire("d1");
  drained("d1");
  EXPECT_THAT(strays({"d1"}), ElementsAre("ask DrainBackend d1 of 9"));
  EXPECT_THAT(strays({"d1"}), IsEmpty()) << "it is being drained";
  EXPECT_THAT(not_drained("d1"), IsEmpty());
  EXPECT_THAT(strays({"d1"}), ElementsAre("ask DrainBackend d1 of 9"));
  EXPECT_THAT(drained("d1"), IsEmpty());
}

TEST_F(DataplaneFold, TakesNobodyElsesServerForAStray) {
  serve("d1");
  EXPECT_THAT(strays({"d1"}), IsEmpty()) << "it serves";
  EXPECT_THAT(strays({"an-operators-own"}), IsEmpty());
  retire("d1");
  drained("d1");
  schema::StraysFoundT body;
  body.service = body.backend = "web";
  body.domains = {"d1"};
  EXPECT_THAT(fold_.fold(body, "globex", 0), IsEmpty()) << "it was another org's";
}

TEST_F(DataplaneFold, KnowsAStrayByTheLastThousandDepartures) {
  for (std::uint64_t n = 0; n <= departed_max; ++n) {
    const auto name = "d" + std::to_string(n);
    serve(name);
    retire(name);
    drained(name);
  }
  EXPECT_EQ(fold_.state().departed.size(), departed_max);
  EXPECT_THAT(strays({"d0"}), IsEmpty());
  EXPECT_THAT(strays({"d1"}), ElementsAre("ask DrainBackend d1 of 9"));
}

TEST_F(DataplaneFold, WaitsWithADrainForTheAnswerOfAnAddition) {
  serve("d1");
  restart();
  EXPECT_THAT(retire("d1"), IsEmpty());
  EXPECT_THAT(refuse("d1"), ElementsAre("ask DrainBackend d1 of 9"));
}

TEST_F(DataplaneFold, TellsWhatServesAndSinceWhen) {
  fold_.pass(seconds(1));
  start("d1");
  fold_.pass(seconds(2));
  live("d1");
  fold_.pass(seconds(1));
  EXPECT_THAT(join("d1"), testing::SizeIs(1));
  const auto* row = fold_.state().backends.find("acme/d1");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->probes, 3U);
  EXPECT_EQ(row->live_at_us, 3'000'000);
}

TEST_F(DataplaneFold, BoundsTheProbesOfAForeignDocument) {
  auto body = started("d1");
  body.health->every_us = 1;
  body.health->deadline_us = INT64_MAX;
  fold_.fold(body, "acme", birth);
  const auto& bounded = *schema::GetEvent(fold_.asked().back().event.data())->body_as_ProbeDomain();
  EXPECT_EQ(bounded.every_us(), probe_every_min.us);
  EXPECT_EQ(bounded.deadline_us(), probe_deadline_max.us);
  body = started("d2");
  body.health.reset();
  fold_.fold(body, "acme", birth);
  const auto& otherwise = *schema::GetEvent(fold_.asked().back().event.data())->body_as_ProbeDomain();
  EXPECT_EQ(otherwise.every_us(), probe_every_default.us);
  EXPECT_EQ(otherwise.deadline_us(), probe_deadline_default.us);
  EXPECT_EQ(otherwise.path()->str(), "/");
}

TEST_F(DataplaneFold, KeepsOrgsApart) {
  serve("d1");
  EXPECT_THAT(fold_.fold(restarted(), "other", 0), IsEmpty());
  EXPECT_THAT(fold_.fold(retired("d1"), "other", retirement), ElementsAre("BackendGone d1 of 9 to decisions "));
  EXPECT_NE(fold_.state().backends.find("acme/d1"), nullptr);
}

TEST(DataplaneInvariants, NameTheRowThatIsNotSound) {
  State state;
  auto& row = state.backends.modify("acme/d1");
  row.domain = "d1";
  row.service = "web";
  EXPECT_EQ(Fold::violated_invariant(state), "backend acme/d1 has a service without a home");
  state.homes.modify("acme/web");
  EXPECT_EQ(Fold::violated_invariant(state), "");
  row.phase = schema::BackendPhase::draining;
  EXPECT_EQ(Fold::violated_invariant(state), "backend acme/d1 drains, and was not retired from a balancer");
  row.phase = schema::BackendPhase::serving;
  EXPECT_EQ(Fold::violated_invariant(state), "service acme/web counts another number of serving backends than it has");
}

}  // namespace
}  // namespace virtscale::dataplane
