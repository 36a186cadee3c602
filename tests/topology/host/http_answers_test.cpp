// What every edge says in the same words.
#include "topology/host/http_answers.hpp"

#include <gmock/gmock.h>

namespace virtscale {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

// `acme` is the token of the org acme, `ops` an operator's.
class TwoTokens final : public Authorizer {
 public:
  Access check(std::string_view token, std::string_view org) const override {
    if (token == "ops") return Access::operator_;
    if (token != "acme") return Access::unknown;
    return org == "acme" ? Access::org : Access::none;
  }
};

HttpRequest with(const std::string& authorization) {
  return {.method = "GET", .path = "/", .query = {}, .headers = {{"authorization", authorization}}, .body = {}};
}

unsigned status_at(const std::string& org, const std::string& authorization) {
  const auto objection = objection_to(with(authorization), TwoTokens(), {org, "no"});
  return objection ? objection->status : 200;
}

TEST(Problem, IsOneJsonObjectWithATypeForMachinesAndADetailForPeople) {
  const auto response = response_to({429, "beyond_envelope", "a \"sentence\""}, R"("event":"evt-1","from":8)");
  EXPECT_EQ(response.status, 429U);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            "{\"type\":\"urn:virtscale:problem:beyond_envelope\",\"title\":\"Too Many Requests\",\"status\":429,"
            "\"detail\":\"a \\\"sentence\\\"\",\"event\":\"evt-1\",\"from\":8}\n");
}

TEST(Problem, ThatPassesSaysWhenToAskAgain) {
  EXPECT_THAT(try_again("the disk is full").headers, Contains(Pair("Retry-After", "1")));
}

TEST(Problem, OfAMethodNamesTheOneThatIsTaken) {
  EXPECT_THAT(wrong_method("PUT").headers, Contains(Pair("Allow", "PUT")));
  EXPECT_THAT(wrong_method("PUT").body, HasSubstr("takes PUT only"));
}

TEST(BearerToken, IsWhatFollowsTheSchemeInAnyCase) {
  EXPECT_EQ(bearer_token(with("Bearer acme")), "acme");
  EXPECT_EQ(bearer_token(with("bEARER acme")), "acme");
  for (const auto* none : {"", "Bearer", "Bearer ", "Basic acme", "acme"}) EXPECT_EQ(bearer_token(with(none)), "");
  EXPECT_EQ(bearer_token(with("Bearer " + std::string(token_bytes_max + 1, 'x'))), "");
  EXPECT_EQ(bearer_token({}), "");
}

TEST(Door, OpensToItsOrgAndToOperators) {
  EXPECT_EQ(status_at("acme", "Bearer acme"), 200U);
  EXPECT_EQ(status_at("acme", "Bearer ops"), 200U);
  EXPECT_EQ(status_at("globex", "Bearer acme"), 403U);
  EXPECT_EQ(status_at("acme", "Bearer nobody"), 401U);
  EXPECT_EQ(status_at("acme", ""), 401U);
}

TEST(Door, WithoutAnOrgOpensToOperatorsOnly) {
  EXPECT_EQ(status_at("", "Bearer ops"), 200U);
  EXPECT_EQ(status_at("", "Bearer acme"), 403U);
  EXPECT_EQ(objection_to(Access::org, {"", "no"})->status, 403U);
}

TEST(Door, SaysWhichTokenItWants) {
  const auto response = objection_to(Access::unknown, {"acme", ""});
  EXPECT_THAT(response->headers, Contains(Pair("WWW-Authenticate", "Bearer")));
  EXPECT_THAT(response->body, HasSubstr("the org's or an operator's token"));
  EXPECT_THAT(objection_to(Access::unknown, {"", ""})->body, HasSubstr("send an operator's token"));
}

TEST(JsonString, HoldsAnyText) {
  EXPECT_EQ(json_string("a\"b\\c\nd\x01"), R"("a\"b\\c\u000ad\u0001")");
  EXPECT_EQ(json_string("Gr\xc3\xbc\xc3\x9f"), "\"Gr\xc3\xbc\xc3\x9f\"");
  EXPECT_EQ(json_string("\xff|\xc3|\xed\xa0\x80"),
            "\"\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace virtscale
