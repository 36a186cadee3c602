// The edges over HTTP: who is let in, what becomes durable before the answer, and what the answers say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stages/signal/world.hpp"

namespace virtscale::signal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto alerts_path = "/v1/orgs/acme/alerts";
constexpr auto scale_path = "/v1/orgs/acme/services/web/scale";

std::string alert(const std::string& service, const std::string& fingerprint, const std::string& status = "firing") {
  return R"({"status":")" + status + R"(","labels":{"alertname":"autoscale.cpu.hi","service":")" + service +
         R"("},"annotations":{"value":"72"},"startsAt":"2026-11-22T00:36:08.688Z","endsAt":"0001-01-01T00:00:00Z",)"
         R"("fingerprint":")" +
         fingerprint + "\"}";
}

std::string body_of(const std::string& alerts) {
  return R"({"version":"4","truncatedAlerts":0,"alerts":[)" + alerts + "]}";
}

struct SignalEdges : testing::Test {
  World world;
  SignalEdges() { world.open(); }
};

// --- Who is let in --------------------------------------------------------------------------------------------------

TEST_F(SignalEdges, AsksForATokenAndKnowsWhoseItIs) {
  const auto status_with = [&](const std::string& header) {
    const auto caller = world.send("POST", alerts_path, body_of(""), {{"authorization", header}});
    if (caller->status() == 401) {
      EXPECT_EQ(caller->header("WWW-Authenticate"), "Bearer");
    }
    EXPECT_THAT(caller->body(), testing::Not(HasSubstr("token-x"))) << "no token in an error";
    return caller->status();
  };
  EXPECT_EQ(world.send("POST", alerts_path, body_of(""), {})->status(), 401u);
  EXPECT_EQ(status_with(""), 401u);
  EXPECT_EQ(status_with("Bearer "), 401u);
  EXPECT_EQ(status_with("Bearer token-x"), 401u);
  EXPECT_EQ(status_with("Basic acme-token"), 401u);
  EXPECT_EQ(status_with("Bearer " + std::string(5'000, 'x')), 401u);
  EXPECT_EQ(status_with("Bearer shop-token"), 403u);
  EXPECT_EQ(status_with("Bearer acme-token"), 202u);
  EXPECT_EQ(status_with("bearer acme-token"), 202u);
  EXPECT_EQ(status_with("Bearer operator-token"), 202u);
  EXPECT_THAT(world.records(Topic::alerts), IsEmpty());
}

TEST_F(SignalEdges, LetsOnlyOperatorsApplyDocuments) {
  EXPECT_EQ(world.send("PUT", "/v1/documents", "", {})->status(), 401u);
  EXPECT_EQ(world.send("PUT", "/v1/documents", "")->status(), 403u);
  EXPECT_EQ(world.send("PUT", "/v1/documents", "", {{"authorization", "Bearer operator-token"}})->status(), 400u);
}

TEST_F(SignalEdges, KnowsItsAddressesAndNoOthers) {
  for (const auto* path : {"/", "", "/v1", "/v1/orgs/acme", "/v1/orgs/acme/alerts/", "/v1/orgs/acme/alerts/x",
                           "/v1/orgs//alerts", "/v1/orgs/ACME/alerts", "/v1/orgs/../alerts", "/v1/orgs/a b/alerts",
                           "/v2/documents", "/v1/orgs/acme/services/web", "/v1/orgs/acme/services/-/scale"}) {
    const auto caller = world.send("POST", path, "{}");
    EXPECT_EQ(caller->status(), 404u) << path;
    EXPECT_EQ(caller->content_type(), "application/problem+json");
  }
  EXPECT_EQ(world.send("POST", "/v1/orgs/" + std::string(64, 'a') + "/alerts", "{}")->status(), 404u);
  EXPECT_EQ(world.send("POST", std::string(100'000, '/'), "{}")->status(), 404u);
  EXPECT_EQ(world.send("GET", alerts_path, "")->status(), 405u);
  EXPECT_EQ(world.send("GET", alerts_path, "")->header("Allow"), "POST");
  EXPECT_EQ(world.send("POST", "/v1/documents", "")->header("Allow"), "PUT");
}

TEST_F(SignalEdges, RefusesBodiesBeyondAMebibyte) {
  for (const auto* path : {alerts_path, scale_path}) {
    EXPECT_EQ(world.send("POST", path, std::string(1'048'577, ' '))->status(), 413u);
  }
}

// --- Alerts ---------------------------------------------------------------------------------------------------------

TEST_F(SignalEdges, AcknowledgesAlertsOnceAllAreDurable) {
  world.log.hold_durable();
  const auto caller = world.send("POST", alerts_path, body_of(alert("web", "f1") + "," + alert("shop", "f2")));
  EXPECT_FALSE(caller->answered());
  world.log.release_durable();
  world.executor.run();
  EXPECT_EQ(caller->status(), 202u);
  EXPECT_THAT(caller->body(), HasSubstr("\"alerts\":2"));
  const auto records = world.records(Topic::alerts);
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].key, "acme/web");
  EXPECT_EQ(records[1].key, "acme/shop");
  EXPECT_EQ(records[0].event().org()->str(), "acme");
  EXPECT_EQ(records[0].event().body_as_AlertRaised()->value_milli(), 72'000);
  EXPECT_EQ(records[0].event().body_as_AlertRaised()->queue_depth(), -1);
}

TEST_F(SignalEdges, LetsAlertmanagerTryAgainWhenAlertsCannotBeMadeDurable) {
  world.log.hold_durable();
  const auto waiting = world.send("POST", alerts_path, body_of(alert("web", "f1")));
  world.log.fail("the disk is full");
  world.executor.run();
  const auto late = world.send("POST", alerts_path, body_of(alert("web", "f2")));
  for (const auto& caller : {waiting, late}) {
    EXPECT_EQ(caller->status(), 503u);
    EXPECT_EQ(caller->header("Retry-After"), "1");
    EXPECT_EQ(caller->content_type(), "application/problem+json");
  }
}

TEST_F(SignalEdges, AppendsWhatItCannotRoute) {
  const auto caller = world.send("POST", alerts_path, body_of(alert("no/service", "f1") + "," + alert("web", "f2")));
  EXPECT_EQ(caller->status(), 202u);
  EXPECT_THAT(caller->body(), HasSubstr("\"unroutable\":1"));
  const auto records = world.records(Topic::alerts);
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].key, "acme/");
  ASSERT_NE(records[0].event().body_as_AlertUnroutable(), nullptr);
  EXPECT_THAT(records[0].event().body_as_AlertUnroutable()->payload()->str(), HasSubstr("no/service"));
}

TEST_F(SignalEdges, AppendsNothingOfAMalformedBody) {
  const auto caller = world.send("POST", alerts_path, body_of(alert("web", "f1") + ",5"));
  EXPECT_EQ(caller->status(), 400u);
  EXPECT_THAT(caller->body(), HasSubstr("alerts[1]"));
  EXPECT_EQ(world.send("POST", alerts_path, std::string(5'000, '['))->status(), 400u);
  EXPECT_EQ(world.send("POST", alerts_path, "{\"version\":\"\xff\"}")->status(), 400u);
  EXPECT_THAT(world.records(Topic::alerts), IsEmpty());
}

TEST_F(SignalEdges, AttachesTheQueueDepthOfEachServiceThatFires) {
  std::vector<std::pair<std::string, std::function<void(std::int64_t)>>> asked;
  world.queue_depth = [&](std::string org, std::string service, std::function<void(std::int64_t)> done) {
    asked.emplace_back(org + "/" + service, std::move(done));
  };
  world.open();
  const auto caller = world.send("POST", alerts_path,
                                 body_of(alert("web", "f1") + "," + alert("web", "f2") + "," + alert("shop", "f3") +
                                         "," + alert("old", "f4", "resolved")));
  ASSERT_THAT(asked, SizeIs(2)) << "once for each service";
  EXPECT_THAT(world.records(Topic::alerts), IsEmpty());
  for (const auto& [service, done] : asked) done(service == "acme/shop" ? 240 : -7);
  world.executor.run();
  EXPECT_EQ(caller->status(), 202u);
  const auto records = world.records(Topic::alerts);
  ASSERT_THAT(records, SizeIs(4));
  std::map<std::string, std::int64_t> depths;
  for (const auto& record : records) {
    if (const auto* raised = record.event().body_as_AlertRaised()) depths[record.key] = raised->queue_depth();
  }
  EXPECT_EQ(depths, (std::map<std::string, std::int64_t>{{"acme/shop", 240}, {"acme/web", -1}}));
}

TEST_F(SignalEdges, TakesTenThousandAlertsAtOnce) {
  std::string alerts;
  for (int i = 0; i < 10'000; ++i) {
    alerts += (i == 0 ? "" : ",");
    alerts += R"({"status":"firing","labels":{},"startsAt":"2026-11-22T00:00:00Z","fingerprint":")" +
              std::to_string(i) + "\"}";
  }
  EXPECT_EQ(world.send("POST", alerts_path, body_of(alerts))->status(), 202u);
  EXPECT_THAT(world.records(Topic::alerts), SizeIs(10'000));
}

// --- Scale requests -------------------------------------------------------------------------------------------------

schema::ScaleDecidedT decided(schema::Decision decision, std::string_view code) {
  schema::ScaleDecidedT body;
  body.service = "web";
  body.decision = decision;
  body.code = code;
  body.reason = "a sentence";
  body.binding = schema::Dimension::vcpu;
  body.remedy = "an overage of 20 %";
  body.from = 8;
  body.to = 9;
  body.contract_version = 3;
  body.projection = {schema::Projection(schema::Dimension::vcpu, 80'000, 10'000, 10'000, 100'000, 110'000),
                     schema::Projection(schema::Dimension::ram, 1, 2, 3, 4, 5),
                     schema::Projection(schema::Dimension::disk, 6, 7, 8, 9, 10)};
  return body;
}

struct ScaleEdge : SignalEdges {
  std::shared_ptr<Caller> ask(const std::string& body) { return world.send("POST", scale_path, body); }
  template <class Body>
  void decide(const Body& body) {
    world.answer(world.records(Topic::alerts).back(), "acme", body, ScaleId{0x7f3a91c04be2});
  }
};

TEST_F(ScaleEdge, AnswersAnAdmittedRequestWithTheDecision) {
  const auto caller = ask(R"({"change": 1})");
  EXPECT_FALSE(caller->answered());
  const auto record = world.records(Topic::alerts).back();
  EXPECT_EQ(record.key, "acme/web");
  const auto* request = record.event().body_as_ScaleRequested();
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->mode(), schema::ScaleMode::by);
  EXPECT_EQ(request->amount(), 1);
  EXPECT_EQ(request->requester()->str(), "org");
  decide(decided(schema::Decision::admitted, "within_envelope"));
  EXPECT_EQ(caller->status(), 202u);
  for (
      const auto* part :
      {R"("event":"evt-7f3a91c04be2")", R"("decision":"admitted")", R"("from":8)", R"("to":9)",
       R"("contract_version":3)",
       R"({"dimension":"vcpu","committed":80000,"reserved":10000,"asked":10000,"quota":100000,"envelope":110000,"unit":"mvcpu"})"}) {
    EXPECT_THAT(caller->body(), HasSubstr(part));
  }
}

TEST_F(ScaleEdge, AnswersARequestBeyondTheEnvelopeWith429AndTheViolation) {
  const auto caller = ask(R"({"replicas": 12})");
  EXPECT_EQ(world.records(Topic::alerts).back().event().body_as_ScaleRequested()->mode(), schema::ScaleMode::to);
  decide(decided(schema::Decision::refused, "beyond_envelope"));
  EXPECT_EQ(caller->status(), 429u);
  EXPECT_EQ(caller->content_type(), "application/problem+json");
  for (const auto* part : {R"("type":"urn:virtscale:problem:beyond_envelope")", R"("title":"Too Many Requests")",
                           R"("status":429)", R"("detail":"a sentence")", R"("instance":"/v1/scales/evt-7f3a91c04be2")",
                           R"("dimension":"vcpu")", R"("committed":80000)", R"("reserved":10000)", R"("asked":10000)",
                           R"("envelope":110000)", R"("contract_version":3)", R"("unit":"mvcpu")",
                           R"("remedy":"an overage of 20 %")", R"("event":"evt-7f3a91c04be2")"}) {
    EXPECT_THAT(caller->body(), HasSubstr(part));
  }
}

TEST_F(ScaleEdge, HasAStatusForEachRefusal) {
  const std::map<std::string, unsigned> statuses = {
      {"no_contract", 429}, {"beyond_bounds", 422}, {"something_new", 422}, {"beyond_envelope", 429}};
  for (const auto& [code, status] : statuses) {
    const auto caller = ask(R"({"change": 1})");
    decide(decided(schema::Decision::refused, code));
    EXPECT_EQ(caller->status(), status) << code;
  }
}

TEST_F(ScaleEdge, PassesAnEarlierAnswerOn) {
  const auto caller = ask(R"({"change": 1})");
  schema::ScaleAnsweredT answered;
  answered.service = "web";
  answered.decision = std::make_unique<schema::ScaleDecidedT>(decided(schema::Decision::refused, "unknown_service"));
  decide(answered);
  EXPECT_EQ(caller->status(), 404u);
  EXPECT_THAT(caller->body(), HasSubstr("evt-7f3a91c04be2"));
}

TEST_F(ScaleEdge, GivesEachCallerTheAnswerToItsOwnRequest) {
  std::vector<std::shared_ptr<Caller>> callers;
  for (int i = 0; i < 3; ++i) callers.push_back(ask(R"({"change": 1})"));
  const auto records = world.records(Topic::alerts);
  world.answer(records[1], "acme", decided(schema::Decision::refused, "no_contract"));
  world.answer(records[1], "acme", decided(schema::Decision::refused, "no_contract"));
  EXPECT_FALSE(callers[0]->answered());
  EXPECT_EQ(callers[1]->status(), 429u);
  EXPECT_FALSE(callers[2]->answered());
}

TEST_F(ScaleEdge, SaysWhenNoDecisionCame) {
  const auto caller = ask(R"({"change": 1})");
  world.executor.pass(milliseconds(9'900));
  EXPECT_FALSE(caller->answered());
  world.executor.pass(seconds(1));
  EXPECT_EQ(caller->status(), 504u);
  decide(decided(schema::Decision::admitted, "within_envelope"));
  const auto next = ask(R"({"change": 1})");
  world.executor.pass(milliseconds(9'900));
  EXPECT_FALSE(next->answered()) << "the next caller has its own patience";
}

TEST_F(ScaleEdge, LetsGoOfWhoWaitsWhenItEnds) {
  const std::weak_ptr<Caller> caller = ask(R"({"change": 1})");
  ASSERT_FALSE(caller.expired());
  world.handler = {};
  EXPECT_TRUE(caller.expired());
}

TEST_F(ScaleEdge, SaysWhenARequestCannotBeMadeDurable) {
  world.log.fail("the disk is full");
  const auto caller = ask(R"({"change": 1})");
  EXPECT_EQ(caller->status(), 503u);
  EXPECT_EQ(caller->header("Retry-After"), "1");
  EXPECT_THAT(caller->body(), HasSubstr("the disk is full"));
  world.executor.pass(seconds(20));
}

TEST_F(ScaleEdge, PassesNegativeAndHugeChangesToTheContract) {
  for (const auto amount : {-2'147'483'648LL, 2'147'483'647LL, 0LL, 10'001LL}) {
    const auto caller = ask("{\"change\": " + std::to_string(amount) + "}");
    EXPECT_EQ(world.records(Topic::alerts).back().event().body_as_ScaleRequested()->amount(), amount);
    decide(decided(schema::Decision::refused, "beyond_bounds"));
    EXPECT_EQ(caller->status(), 422u);
  }
}

TEST_F(ScaleEdge, RefusesBodiesThatAreNoWish) {
  for (const auto* body : {"",
                           "{",
                           "[]",
                           "5",
                           "null",
                           "{}",
                           R"({"change": "1"})",
                           R"({"change": 1.5})",
                           R"({"change": 1e3})",
                           R"({"change": null})",
                           R"({"change": true})",
                           R"({"change": [1]})",
                           R"({"change": 1, "replicas": 2})",
                           R"({"Change": 1})",
                           R"({"change": 2147483648})",
                           R"({"replicas": -99999999999})",
                           R"({"change": 99999999999999999999999})",
                           R"({"change": 18446744073709551615})",
                           R"({"change": 1} x)",
                           "{\"change\xff\": 1}"}) {
    const auto caller = ask(body);
    EXPECT_EQ(caller->status(), 400u) << body;
    EXPECT_EQ(caller->content_type(), "application/problem+json");
  }
  EXPECT_EQ(ask(std::string(5'000, '['))->status(), 400u);
  EXPECT_THAT(world.records(Topic::alerts), IsEmpty());
}

TEST_F(ScaleEdge, HonoursTheIdempotencyKey) {
  const auto with_key = [&](const std::string& key) {
    return world.send("POST", scale_path, R"({"change": 1})",
                      {{"authorization", "Bearer operator-token"}, {"idempotency-key", key}});
  };
  EXPECT_FALSE(with_key(std::string(255, 'k'))->answered());
  const auto records = world.records(Topic::alerts);
  const auto* request = records.back().event().body_as_ScaleRequested();
  EXPECT_EQ(request->idempotency_key()->str(), std::string(255, 'k'));
  EXPECT_EQ(request->requester()->str(), "operator");
  for (const auto& key : {std::string(), std::string(256, 'k'), std::string("a\nb"), std::string("\xc3\xbc")}) {
    EXPECT_EQ(with_key(key)->status(), 400u);
  }
}

}  // namespace
}  // namespace virtscale::signal
