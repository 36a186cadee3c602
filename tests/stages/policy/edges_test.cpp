// The status edge: who may see what, and what is shown.
#include "stages/policy/edges.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/stages/policy/harness.hpp"
#include "tests/stages/policy/kept_answers.hpp"

namespace virtscale::policy {
namespace {

namespace json = boost::json;

// `acme` and `ops` are the tokens of acme-tickets and of an operator.
class TwoTokens final : public Authorizer {
 public:
  Access check(std::string_view token, std::string_view org) const override {
    if (token == "ops") return Access::operator_;
    if (token != "acme") return Access::unknown;
    return org == "acme-tickets" ? Access::org : Access::none;
  }
};

class FixedClock final : public Clock {
 public:
  Instant now() const override { return at; }
  Instant at = night;
};

class PolicyStatus : public ::testing::Test {
 protected:
  HttpResponse get(std::map<std::string, std::string> query, const std::string& authorization = "Bearer ops",
                   const std::string& method = "GET") {
    HttpRequest request{.method = method, .path = "/v1/status", .query = std::move(query), .headers = {}, .body = {}};
    if (!authorization.empty()) request.headers["authorization"] = authorization;
    const auto handler =
        status_handler([this](const auto& see) { see(std::array<const State*, 1>{&policy.state}); }, tokens, clock);
    std::vector<HttpResponse> responses;
    handler(request, std::make_shared<KeptAnswers>(responses));
    EXPECT_EQ(responses.size(), 1u);
    return responses.empty() ? HttpResponse{} : responses.front();
  }
  json::value shown(std::map<std::string, std::string> query) {
    const auto response = get(std::move(query));
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(response.content_type, "application/json");
    return json::parse(response.body);
  }

  Harness policy;
  TwoTokens tokens;
  FixedClock clock;
};

TEST_F(PolicyStatus, ShowsTheEnvelopeAndWhatIsUsedOfIt) {
  given_running(policy, 8);
  policy.fold(request_by(1), policy.next_scale());
  const auto status = shown({{"org", "acme-tickets"}});
  const auto& org = status.at("orgs").at(0);
  EXPECT_EQ(org.at("org"), "acme-tickets");
  EXPECT_EQ(org.at("contract").at("version"), 1);
  EXPECT_EQ(org.at("contract").at("overage_percent"), 10);
  EXPECT_EQ(org.at("over_by_shrink"), false);
  const auto& vcpu = org.at("dimensions").at("vcpu");
  EXPECT_EQ(vcpu.at("unit"), "mvcpu");
  EXPECT_EQ(vcpu.at("quota"), 100'000);
  EXPECT_EQ(vcpu.at("envelope"), 110'000);
  EXPECT_EQ(vcpu.at("committed"), 80'000);
  EXPECT_EQ(vcpu.at("reserved"), 10'000);
  EXPECT_EQ(vcpu.at("free"), 20'000);
  EXPECT_EQ(vcpu.at("used_percent"), "81.8 %");
  EXPECT_EQ(vcpu.at("committed_percent"), "72.7 %");
  EXPECT_EQ(vcpu.at("reserved_percent"), "9.1 %");
  EXPECT_EQ(vcpu.at("free_percent"), "18.2 %");
  EXPECT_EQ(org.at("dimensions").at("ram").at("unit"), "MiB");
  EXPECT_EQ(org.at("dimensions").at("disk").at("unit"), "GiB");
  EXPECT_EQ(status.at("complete"), true);
}

TEST_F(PolicyStatus, ShowsReplicasCooldownsHoldsAndStandingRefusals) {
  given_running(policy, 10);
  policy.fold(alert_by(1), policy.next_scale());
  policy.fold(alert_by(1), policy.next_scale());
  policy.now = night + seconds(60);
  const auto refusal = policy.next_scale();
  policy.fold(alert_by(1), refusal);
  clock.at = night + seconds(40);
  const auto status = shown({{"org", "acme-tickets"}, {"service", "web"}});
  const auto& service = status.at("orgs").at(0).at("services").at(0);
  EXPECT_EQ(service.at("service"), "web");
  EXPECT_EQ(service.at("cell"), "prod-eu-a");
  EXPECT_EQ(service.at("replicas").at("now"), 11);
  EXPECT_EQ(service.at("replicas").at("max"), 40);
  EXPECT_EQ(service.at("replicas").at("reserved"), 1);
  EXPECT_EQ(service.at("replicas").at("leaving"), 0);
  EXPECT_EQ(service.at("cooldown_left_us").at("out"), 20'000'000);
  EXPECT_EQ(service.at("cooldown_left_us").at("in"), 260'000'000);
  EXPECT_EQ(service.at("held").at("code"), "cooldown_out");
  EXPECT_EQ(service.at("held").at("at_us"), night.us);
  const auto& standing = service.at("refusals").at(0);
  EXPECT_EQ(standing.at("event").as_string(), to_string(refusal));
  EXPECT_EQ(standing.at("alert"), "autoscale.cpu.hi");
  EXPECT_EQ(standing.at("code"), "beyond_envelope");
  EXPECT_EQ(standing.at("binding"), "vcpu");
  EXPECT_EQ(standing.at("from"), 11);
  EXPECT_EQ(standing.at("to"), 12);
}

TEST_F(PolicyStatus, ShowsAnOperatorAllOrgsWithAContractOrAService) {
  policy.fold_of("b-contract-only", scenario_contract());
  policy.fold_of("a-service-only", service_document());
  policy.fold_of("a-service-only", service_document(0, 3, "api"));
  policy.fold_of("c", service_document());
  const auto status = shown({});
  ASSERT_EQ(status.at("orgs").as_array().size(), 3u);
  EXPECT_EQ(status.at("orgs").at(0).at("org"), "a-service-only");
  EXPECT_TRUE(status.at("orgs").at(0).at("contract").is_null());
  EXPECT_EQ(status.at("orgs").at(0).at("services").as_array().size(), 2u);
  EXPECT_EQ(status.at("orgs").at(1).at("org"), "b-contract-only");
  EXPECT_EQ(status.at("orgs").at(2).at("org"), "c");
}

TEST_F(PolicyStatus, SaysSoWhenThereIsMoreThanItLists) {
  policy.checks_invariants = false;
  for (std::size_t i = 0; i <= status_services_max; ++i) policy.fold(service_document(0, 1, "web" + std::to_string(i)));
  const auto status = shown({{"org", "acme-tickets"}});
  EXPECT_EQ(status.at("complete"), false);
  EXPECT_EQ(status.at("orgs").at(0).at("services").as_array().size(), status_services_max);
  for (std::size_t i = 0; i <= status_orgs_max; ++i) policy.fold_of("org" + std::to_string(i), scenario_contract());
  const auto orgs = shown({});
  EXPECT_EQ(orgs.at("complete"), false);
  EXPECT_EQ(orgs.at("orgs").as_array().size(), status_orgs_max);
}

TEST_F(PolicyStatus, OpensAnOrgToItsOwnTokenOnly) {
  given_running(policy, 1);
  policy.fold_of("other", scenario_contract());
  EXPECT_EQ(get({{"org", "acme-tickets"}}, "Bearer acme").status, 200u);
  EXPECT_EQ(get({{"org", "acme-tickets"}}, "bearer acme").status, 200u) << "schemes have no case";
  EXPECT_EQ(get({{"org", "other"}}, "Bearer acme").status, 403u);
  EXPECT_EQ(get({}, "Bearer acme").status, 403u);
  for (const auto* authorization : {"", "Bearer", "Bearer ", "Basic ops", "Bearer nobody"}) {
    const auto response = get({{"org", "acme-tickets"}}, authorization);
    EXPECT_EQ(response.status, 401u) << authorization;
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_THAT(response.headers, ::testing::Contains(::testing::Pair("WWW-Authenticate", "Bearer")));
    EXPECT_THAT(response.body, ::testing::Not(::testing::HasSubstr("nobody")));
  }
}

TEST_F(PolicyStatus, AnswersWrongQuestionsWithAProblem) {
  given_running(policy, 1);
  EXPECT_EQ(get({{"org", "nobody"}}).status, 404u);
  EXPECT_EQ(get({{"org", "acme"}}).status, 404u) << "a prefix is another name";
  EXPECT_EQ(get({{"org", "acme-tickets"}, {"service", "api"}}).status, 404u);
  EXPECT_EQ(get({{"service", "web"}}).status, 400u);
  EXPECT_EQ(get({}, "Bearer ops", "POST").status, 405u);
  EXPECT_EQ(json::parse(get({{"org", "nobody"}}).body).at("status"), 404);
}

TEST_F(PolicyStatus, EscapesWhatPeopleWrote) {
  auto contract = scenario_contract();
  contract.signed_ = "\"a\\b\nc\x01";
  policy.fold(contract);
  EXPECT_EQ(shown({}).at("orgs").at(0).at("contract").at("signed").as_string(), contract.signed_);
}

}  // namespace
}  // namespace virtscale::policy
