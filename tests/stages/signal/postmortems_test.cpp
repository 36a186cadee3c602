// Postmortems over HTTP: who may send them, what becomes a record, and how the fold's answer comes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stages/signal/world.hpp"

namespace virtscale::signal {
namespace {

using testing::HasSubstr;

const std::string hash(64, 'a');

std::string drafted(std::string_view more = R"(,"event":"evt-25c0d1feaf2b","calendar":"de-berlin, version 1")") {
  return R"({"name":"postmortem-evt-25c0d1feaf2b","due":"2026-05-06","sha256":")" + hash + "\"" + std::string(more) +
         "}";
}

schema::DocumentFoldedT folded(std::string_view code) {
  schema::DocumentFoldedT body;
  body.kind = "Postmortem";
  body.name = "postmortem-evt-25c0d1feaf2b";
  body.code = code;
  body.accepted = code == "created" || code == "closed";
  body.detail = body.accepted ? "" : "because";
  return body;
}

struct PostmortemsEdge : testing::Test {
  World world;
  PostmortemsEdge() { world.open(); }
  std::shared_ptr<Caller> post(const std::string& body, const std::string& path = "/v1/orgs/acme/postmortems",
                               const std::string& token = "acme-token") {
    return world.send("POST", path, body, {{"authorization", "Bearer " + token}});
  }
};

TEST_F(PostmortemsEdge, MakesADraftKnownUnderItsScaleEventAndWaitsForTheFold) {
  const auto caller = post(drafted());
  EXPECT_FALSE(caller->answered());
  ASSERT_EQ(world.records(Topic::signals).size(), 1u);
  const auto record = world.records(Topic::signals).front();
  EXPECT_EQ(record.key, "acme");
  EXPECT_EQ(record.event().header()->scale(), 0x25c0d1feaf2bU);
  const auto* body = record.event().body_as_PostmortemDrafted();
  ASSERT_NE(body, nullptr);
  EXPECT_EQ(body->name()->str(), "postmortem-evt-25c0d1feaf2b");
  EXPECT_EQ(body->sha256()->str(), hash);
  EXPECT_EQ(body->due()->str(), "2026-05-06");
  EXPECT_EQ(body->calendar()->str(), "de-berlin, version 1");
  world.answer(record, "acme", folded("created"));
  EXPECT_EQ(caller->status(), 200u);
  EXPECT_EQ(caller->body(), R"({"org":"acme","name":"postmortem-evt-25c0d1feaf2b","code":"created"})");
}

TEST_F(PostmortemsEdge, TakesADraftAboutSeveralEventsWithoutACalendar) {
  post(drafted(""));
  EXPECT_EQ(world.records(Topic::signals).at(0).event().header()->scale(), 0u);
}

TEST_F(PostmortemsEdge, ClosesOne) {
  const auto caller =
      post(R"({"name":"postmortem-evt-25c0d1feaf2b","sha256":")" + hash + "\"}", "/v1/orgs/acme/postmortems/closed");
  const auto record = world.records(Topic::signals).at(0);
  ASSERT_NE(record.event().body_as_PostmortemClosed(), nullptr);
  world.answer(record, "acme", folded("closed"));
  EXPECT_EQ(caller->status(), 200u);
}

TEST_F(PostmortemsEdge, TellsTheFoldsRefusalAsAProblem) {
  const std::pair<std::string_view, unsigned> refusals[] = {
      {"invalid", 400}, {"unknown_postmortem", 404}, {"already_closed", 409}, {"too_many", 409}};
  std::size_t i = 0;
  for (const auto& [code, status] : refusals) {
    const auto caller = post(drafted());
    world.answer(world.records(Topic::signals).at(i++), "acme", folded(code));
    EXPECT_EQ(caller->status(), status) << code;
    EXPECT_EQ(caller->content_type(), "application/problem+json");
    EXPECT_THAT(caller->body(), HasSubstr("because"));
  }
}

TEST_F(PostmortemsEdge, SaysSoWhenNoAnswerComes) {
  const auto caller = post(drafted());
  world.executor.pass(seconds(11));
  EXPECT_EQ(caller->status(), 504u);
}

TEST_F(PostmortemsEdge, RefusesWhatItCannotRead) {
  for (const auto& [body, says] : std::vector<std::pair<std::string, std::string>>{
           {"", "line 1"},
           {"[]", "must be an object"},
           {R"({"name":1})", "name: must be a text"},
           {R"({"name":"a","due":"2026-05-06"})", "sha256: is missing"},
           {drafted(R"(,"colour":"red")"), "colour: is not known here"},
           {drafted(R"(,"event":"evt-7f3a91")"), "event: write a scale event as"},
           {R"({"name":"a/b","due":"x","sha256":"x"})", "name: use letters"},
           {R"({"name":".a","due":"x","sha256":"x"})", "name: use letters"},
           {R"({"name":")" + std::string(201, 'a') + R"(","due":"x","sha256":"x"})", "name: use letters"}}) {
    const auto caller = post(body);
    EXPECT_EQ(caller->status(), 400u) << body;
    EXPECT_THAT(caller->body(), HasSubstr(says));
  }
  EXPECT_EQ(world.records(Topic::signals).size(), 0u);
}

TEST_F(PostmortemsEdge, IsForTheOrgAndForOperators) {
  EXPECT_EQ(post(drafted(), "/v1/orgs/acme/postmortems", "shop-token")->status(), 403u);
  EXPECT_EQ(post(drafted(), "/v1/orgs/acme/postmortems", "nobody")->status(), 401u);
  EXPECT_EQ(world.records(Topic::signals).size(), 0u);
  post(drafted(), "/v1/orgs/acme/postmortems", "operator-token");
  EXPECT_EQ(world.records(Topic::signals).size(), 1u);
  EXPECT_EQ(world.send("GET", "/v1/orgs/acme/postmortems", "")->status(), 405u);
}

}  // namespace
}  // namespace virtscale::signal
