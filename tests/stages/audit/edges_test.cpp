// What audit answers over HTTP, and to whom.
#include "stages/audit/edges.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <functional>

#include "tests/compose/ledger/written_ledger.hpp"

namespace virtscale::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Keeps what it was told.
class Heard final : public HttpResponder {
 public:
  void respond(HttpResponse response) override { answer = std::move(response); }
  void open_stream(std::string_view content_type, std::function<void()> closed) override {
    answer.content_type = content_type;
    leave = std::move(closed);
  }
  void write(std::string_view chunk) override { stream += chunk; }

  HttpResponse answer;
  std::string stream;
  std::function<void()> leave;
};

/// Tokens that are the names of orgs, and `operator`.
class Names final : public Authorizer {
 public:
  Access check(std::string_view token, std::string_view org) const override {
    if (token == "operator") return Access::operator_;
    if (token != "acme" && token != "globex") return Access::unknown;
    return token == org ? Access::org : Access::none;
  }
};

/// A log that only passes on what the test puts into it.
class Passing final : public EdgeLog {
 public:
  EventId next_id() override { return {}; }
  void append(EventId, Topic, std::string_view, std::vector<std::byte>, Appended done) override { done(nullptr); }
  void watch(Topic topic, std::function<void(const LogRecord&)> visit) override { watchers_[topic] = std::move(visit); }

  void pass(Topic topic, std::vector<std::byte> event, ScaleId scale) {
    schema::mutable_header(event).mutate_scale(scale.value);
    watchers_.at(topic)({{topic, 0}, 0, Instant{7}, {}, event, 0});
  }

 private:
  std::map<Topic, std::function<void(const LogRecord&)>> watchers_;
};

class AuditEdges : public testing::Test {
 protected:
  void SetUp() override {
    handler_ = make_edges({.read =
                               [this](auto visit) {
                                 const State* states[] = {&ledger_.audit.state};
                                 visit(states);
                               },
                           .log = log_,
                           .authorizer = authorizer_,
                           .ledgers = ledger_.ledgers()});
  }

  std::shared_ptr<Heard> ask(const std::string& path, const std::string& token,
                             std::map<std::string, std::string> query = {}, const std::string& method = "GET") {
    HttpRequest request{method, path, std::move(query), {}, {}};
    if (!token.empty()) request.headers["authorization"] = "Bearer " + token;
    auto heard = std::make_shared<Heard>();
    handler_(request, heard);
    return heard;
  }
  HttpResponse get(const std::string& path, const std::string& token, std::map<std::string, std::string> query = {}) {
    return ask(path, token, std::move(query))->answer;
  }

  void write_worked_example() {
    ledger_.audit.fold({18}, admitted());
    ledger_.audit.fold({18}, placed("web-000000000012-1"));
    ledger_.audit.fold({18}, serving("web-000000000012-1"));
  }

  ledger::WrittenLedger ledger_;
  Names authorizer_;
  Passing log_;
  HttpHandler handler_;
};

TEST_F(AuditEdges, TellEverythingThatExplainsAScale) {
  write_worked_example();
  const auto answer = get("/v1/scales/evt-000000000012", "acme");
  ASSERT_EQ(answer.status, 200U);
  const auto json = boost::json::parse(answer.body);
  EXPECT_EQ(json.at("state").as_string(), "written");
  EXPECT_EQ(json.at("decision").as_string(), "admitted");
  EXPECT_EQ(json.at("line").as_int64(), 0);
  EXPECT_EQ(json.at("settled").as_bool(), false);
  EXPECT_EQ(json.at("signal").at("queue_depth").as_int64(), 240);
  EXPECT_EQ(json.at("projection").at("vcpu").at("envelope").as_int64(), 110'000);
  const auto& domain = json.at("domains").at(0);
  EXPECT_EQ(domain.at("node").as_string(), "r3.05.nd-04a2c1");
  EXPECT_EQ(domain.at("candidates").at(0).at("passed_over").as_string(), "more loaded");
  EXPECT_EQ(json.at("steps").as_array().size(), 6U);
  ledger_.sign_all();
  EXPECT_THAT(get("/v1/scales/evt-000000000012", "acme", {{"org", "acme"}}).body, HasSubstr(R"("settled":true)"));
}

TEST_F(AuditEdges, TellOfScalesThatAreStillOpen) {
  ledger_.audit.fold({18}, placed("web-000000000012-1"));
  const auto json = boost::json::parse(get("/v1/scales/evt-000000000012", "operator").body);
  EXPECT_EQ(json.at("state").as_string(), "open");
  EXPECT_EQ(json.at("domains").at(0).at("outcome").as_string(), "pending");
}

TEST_F(AuditEdges, ShowAnOrgItsOwnOnly) {
  write_worked_example();
  const std::string scale = "/v1/scales/evt-000000000012";
  EXPECT_EQ(get(scale, "").status, 401U);
  EXPECT_EQ(get(scale, "nobody").status, 401U);
  EXPECT_EQ(get(scale, "globex").status, 404U);
  EXPECT_EQ(get(scale, "globex", {{"org", "acme"}}).status, 403U);
  EXPECT_EQ(get(scale, "globex", {{"org", "globex"}}).status, 404U);
  EXPECT_EQ(get(scale, "operator").status, 200U);
  EXPECT_EQ(get("/v1/scales", "acme").status, 403U);
  EXPECT_EQ(get("/v1/scales", "globex", {{"org", "acme"}}).status, 403U);
  EXPECT_EQ(get("/v1/orgs/acme/ledger/checkpoint", "globex").status, 403U);
  EXPECT_EQ(get("/v1/orgs/acme/ledger/lines", "").status, 401U);
  EXPECT_EQ(get("/v1/events", "acme").status, 403U);
}

TEST_F(AuditEdges, ListTheNewestFirst) {
  for (std::uint64_t i = 1; i <= 60; ++i) {
    ledger_.audit.now = {1'000'000 + static_cast<std::int64_t>(i)};
    ledger_.audit.fold({i}, refused());
  }
  const auto json = boost::json::parse(get("/v1/scales", "acme", {{"org", "acme"}, {"limit", "3"}}).body);
  ASSERT_EQ(json.at("scales").as_array().size(), 3U);
  EXPECT_EQ(json.at("scales").at(0).at("event").as_string(), to_string(ScaleId{60}));
  EXPECT_EQ(json.at("scales").at(2).at("event").as_string(), to_string(ScaleId{58}));
  EXPECT_EQ(boost::json::parse(get("/v1/scales", "operator").body).at("scales").as_array().size(), 50U);
}

TEST_F(AuditEdges, AnswerNonsenseWithWhatIsWrong) {
  EXPECT_EQ(get("/v1/scales/7", "acme").status, 400U);
  EXPECT_EQ(get("/v1/scales", "acme", {{"org", "acme"}, {"limit", "-1"}}).status, 400U);
  EXPECT_EQ(get("/v1/orgs/acme/ledger/lines", "acme", {{"from", "x"}}).status, 400U);
  EXPECT_EQ(get("/v2", "acme").status, 404U);
  EXPECT_EQ(get("/v1/scales/evt-ffffffffffff", "acme").status, 404U);
  EXPECT_EQ(ask("/v1/scales", "operator", {}, "POST")->answer.status, 405U);
}

TEST_F(AuditEdges, ServeALedgerAsTlogTiles) {
  ledger_.grow(300);
  ASSERT_EQ(ledger_.write(), "");
  const auto directory = ledger_.directory();
  for (const auto* file :
       {"checkpoint", "keys", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000"}) {
    const auto answer = get(std::string("/v1/orgs/acme/ledger/") + file, "acme");
    EXPECT_EQ(answer.status, 200U) << file;
    EXPECT_EQ(answer.body, ledger::content_of(directory / file)) << file;
  }
  EXPECT_EQ(get("/v1/orgs/acme/ledger/tile/0/009", "acme").status, 404U);
}

TEST_F(AuditEdges, ServeNothingOutsideOfTheLedger) {
  ledger_.grow(1);
  ASSERT_EQ(ledger_.write(), "");
  for (const auto* path : {"/v1/orgs/acme/ledger/tile/../checkpoint", "/v1/orgs/acme/ledger/tile/0/../../checkpoint",
                           "/v1/orgs/acme/ledger/lines.jsonl", "/v1/orgs/acme/ledger/", "/v1/orgs/acme/ledger/tile/",
                           "/v1/orgs/acme/ledger/tile/entries/", "/v1/orgs/../ledger/.positions",
                           "/v1/orgs//ledger/keys", "/v1/orgs/acme/ledger/../../keys/policy-gate-2026-q1.secret"}) {
    EXPECT_EQ(get(path, "operator").status, 404U) << path;
  }
}

TEST_F(AuditEdges, ServeSignedLinesFromAnyPlace) {
  ledger_.grow(300);
  ASSERT_EQ(ledger_.write(), "");
  const auto lines = ledger_.audit.written.lines;
  const auto some = get("/v1/orgs/acme/ledger/lines", "acme", {{"from", "254"}, {"limit", "4"}});
  EXPECT_EQ(some.body, lines[254] + "\n" + lines[255] + "\n" + lines[256] + "\n" + lines[257] + "\n");
  EXPECT_EQ(get("/v1/orgs/acme/ledger/lines", "acme").body, ledger::content_of(ledger_.directory() / "lines.jsonl"));
  EXPECT_EQ(get("/v1/orgs/acme/ledger/lines", "acme", {{"from", "300"}}).body, "");
  EXPECT_EQ(get("/v1/orgs/globex/ledger/lines", "operator").body, "");
}

std::vector<std::string> names_in(const std::string& stream) {
  std::vector<std::string> names;
  for (auto at = stream.find("event: "); at != stream.npos; at = stream.find("event: ", at + 1))
    names.push_back(stream.substr(at + 7, stream.find('\n', at) - at - 7));
  return names;
}

TEST_F(AuditEdges, StreamWhatBecomesOfAScale) {
  const auto own = ask("/v1/events", "acme", {{"org", "acme"}});
  const auto other = ask("/v1/events", "globex", {{"org", "globex"}});
  const auto all = ask("/v1/events", "operator");
  EXPECT_EQ(own->answer.content_type, "text/event-stream");
  log_.pass(Topic::outcomes, schema::encode(admitted(), "acme"), {18});
  log_.pass(Topic::outcomes, schema::encode(placed("web-1"), "acme"), {18});
  log_.pass(Topic::outcomes, schema::encode(serving("web-1"), "acme"), {18});
  schema::LineAppendedT line;
  line.line = "{}";
  log_.pass(Topic::ledger, schema::encode(line, "acme"), {18});
  schema::CheckpointPublishedT checkpoint;
  checkpoint.size = 1;
  log_.pass(Topic::ledger, schema::encode(checkpoint, "acme"), {});
  EXPECT_THAT(names_in(own->stream), ElementsAre("opened", "decided", "placed", "serving", "written", "settled"));
  EXPECT_EQ(names_in(all->stream), names_in(own->stream));
  EXPECT_THAT(other->stream, Not(HasSubstr("event: ")));
  EXPECT_THAT(own->stream, HasSubstr("event: settled\ndata: {\"at_us\":7,\"event\":\"evt-000000000012\",\"line\":0,"
                                     "\"org\":\"acme\"}\n\n"));
}

TEST_F(AuditEdges, ForgetAListenerThatLeft) {
  const auto heard = ask("/v1/events", "operator");
  heard->leave();
  log_.pass(Topic::outcomes, schema::encode(admitted(), "acme"), {18});
  EXPECT_THAT(heard->stream, Not(HasSubstr("event: ")));
}

}  // namespace
}  // namespace virtscale::audit
