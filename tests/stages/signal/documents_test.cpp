// Documents over HTTP: all or nothing, in the order in which they need each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stages/signal/folding.hpp"
#include "tests/stages/signal/world.hpp"

namespace virtscale::signal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Document contract(std::int64_t version, std::string_view org = "acme") {
  schema::ContractAppliedT body;
  body.version = version;
  const std::string name(org);
  return {DocumentKind::contract, name, name, version, {1, 1}, {}, Topic::signals, name, schema::encode(body, org)};
}

Document cell() {
  schema::CellAppliedT body;
  body.name = "prod-eu-a";
  return {DocumentKind::cell, "", "prod-eu-a", 0, {20, 1}, {}, Topic::decisions, "prod-eu-a", schema::encode(body, "")};
}

Document calendar(std::string_view zone) {
  schema::CalendarAppliedT body;
  body.name = "de-berlin";
  body.version = 2;
  body.zone = zone;
  return {DocumentKind::calendar,      "acme", "de-berlin", 2, {30, 1}, {}, Topic::signals, "acme",
          schema::encode(body, "acme")};
}

Document web(std::vector<schema::ScaleRuleT> rules = {}, std::vector<DocumentPlace> places = {}) {
  return {DocumentKind::service,
          "acme",
          "web",
          0,
          {10, 1},
          std::move(places),
          Topic::alerts,
          "acme/web",
          schema::encode(service(std::move(rules)), "acme")};
}

schema::DocumentFoldedT folded(std::string_view kind, std::string_view code, std::int64_t version = 0) {
  schema::DocumentFoldedT body;
  body.kind = kind;
  body.name = "n";
  body.code = code;
  body.accepted = code == "created" || code == "changed" || code == "unchanged";
  body.detail = body.accepted ? "" : "because";
  body.version = version;
  return body;
}

struct DocumentsEdge : testing::Test {
  World world;
  ParsedDocuments file;
  DocumentsEdge() {
    world.read_documents = [this](std::string_view, std::string_view) { return file; };
    world.open();
  }
  std::shared_ptr<Caller> put() {
    return world.send("PUT", "/v1/documents", "kind: ...", {{"authorization", "Bearer operator-token"}});
  }
  std::size_t appended() {
    return world.records(Topic::alerts).size() + world.records(Topic::signals).size() +
           world.records(Topic::decisions).size();
  }
};

TEST_F(DocumentsEdge, AppliesCellsThenContractsThenServices) {
  file.documents = {web(), contract(1), cell()};
  const auto caller = put();
  EXPECT_EQ(appended(), 1u);
  world.answer(world.records(Topic::decisions).at(0), "", folded("Cell", "created"));
  EXPECT_EQ(appended(), 2u);
  EXPECT_EQ(world.records(Topic::signals).at(0).key, "acme");
  world.answer(world.records(Topic::signals).at(0), "acme", folded("Contract", "changed", 1));
  EXPECT_EQ(appended(), 3u);
  EXPECT_FALSE(caller->answered());
  world.answer(world.records(Topic::alerts).at(0), "acme", folded("Service", "unchanged"));
  EXPECT_EQ(caller->status(), 200u);
  EXPECT_EQ(caller->body(), R"({"documents":[{"kind":"Service","name":"web","code":"unchanged","org":"acme"},)"
                            R"({"kind":"Contract","name":"acme","code":"changed","org":"acme","version":1},)"
                            R"({"kind":"Cell","name":"prod-eu-a","code":"created"}]})");
}

TEST_F(DocumentsEdge, AppliesNothingOfAFileWithFaults) {
  file.documents = {contract(1)};
  file.faults = {{7, 3, "unknown key `colour`: remove it"}, {2, 9, "12 needs a unit, such as GiB"}};
  const auto caller = put();
  EXPECT_EQ(caller->status(), 400u);
  EXPECT_THAT(caller->body(), HasSubstr("body:2:9: 12 needs a unit, such as GiB (and 1 more); nothing was applied"));
  EXPECT_THAT(caller->body(),
              HasSubstr(R"({"file":"body","line":7,"column":3,"message":"unknown key `colour`: remove it"})"));
  EXPECT_EQ(appended(), 0u);
}

TEST_F(DocumentsEdge, RefusesAFileWithoutDocuments) {
  EXPECT_EQ(put()->status(), 400u);
}

TEST_F(DocumentsEdge, ChecksSchedulesAndNamesTheirPlaces) {
  file.documents = {
      web({rule_on("a", 1), rule_cron("0 25 * * *", "Europe/Berlin", 3), rule_cron("0 8 * * *", "Mars/Base", 3)},
          {{11, 5}, {12, 5}, {13, 5}})};
  const auto caller = put();
  EXPECT_EQ(caller->status(), 400u);
  EXPECT_THAT(caller->body(), HasSubstr(R"("line":12,"column":5,"message":"at: '25' is no hour)"));
  EXPECT_THAT(caller->body(), HasSubstr(R"("line":13,"column":5,"message":"zone: )"));
  EXPECT_EQ(appended(), 0u);
}

TEST_F(DocumentsEdge, AppliesCalendarsLastAndOnlyWithAZoneThatThereIs) {
  file.documents = {calendar("Europe/Atlantis")};
  EXPECT_THAT(put()->body(), HasSubstr(R"("line":30,"column":1,"message":"zone: )"));
  EXPECT_EQ(appended(), 0u);
  file.documents = {calendar("Europe/Berlin"), contract(1)};
  const auto caller = put();
  EXPECT_EQ(appended(), 1u);
  world.answer(world.records(Topic::signals).at(0), "acme", folded("Contract", "created", 1));
  EXPECT_EQ(appended(), 2u);
  world.answer(world.records(Topic::signals).at(1), "acme", folded("Calendar", "created", 2));
  EXPECT_EQ(caller->status(), 200u);
  EXPECT_THAT(caller->body(),
              HasSubstr(R"({"kind":"Calendar","name":"de-berlin","code":"created","org":"acme","version":2})"));
}

TEST_F(DocumentsEdge, ChecksNames) {
  auto bad = contract(1);
  bad.org = bad.name = "Acme/x";
  file.documents = {bad};
  EXPECT_EQ(put()->status(), 400u);
  EXPECT_EQ(appended(), 0u);
}

TEST_F(DocumentsEdge, AppliesNothingIfAContractIsOlderThanOneItHasSeen) {
  file.documents = {contract(5)};
  const auto first = put();
  world.answer(world.records(Topic::signals).at(0), "acme", folded("Contract", "created", 5));
  EXPECT_EQ(first->status(), 200u);
  file.documents = {cell(), contract(4), contract(1, "shop")};
  const auto caller = put();
  EXPECT_EQ(caller->status(), 409u);
  EXPECT_THAT(caller->body(), HasSubstr("version 4 of the contract of acme is older than 5: raise `version`"));
  EXPECT_THAT(caller->body(), HasSubstr("stale_version"));
  EXPECT_EQ(appended(), 1u);
  file.documents = {contract(5)};
  EXPECT_FALSE(put()->answered()) << "the same version is for the fold to judge";
}

TEST_F(DocumentsEdge, KnowsVersionsFromBefore) {
  world.open({{"acme", 9}});
  file.documents = {contract(8)};
  EXPECT_EQ(put()->status(), 409u);
}

TEST_F(DocumentsEdge, AppliesNothingOfAFileWhoseContractsGoBack) {
  file.documents = {contract(2), contract(1)};
  EXPECT_EQ(put()->status(), 409u);
  EXPECT_EQ(appended(), 0u);
}

TEST_F(DocumentsEdge, StopsWhereAFoldRefuses) {
  file.documents = {contract(1), web()};
  const auto caller = put();
  world.answer(world.records(Topic::signals).at(0), "acme", folded("Contract", "stale_version", 3));
  EXPECT_EQ(caller->status(), 409u);
  EXPECT_THAT(caller->body(), HasSubstr(R"("detail":"because")"));
  EXPECT_THAT(caller->body(), HasSubstr(R"({"kind":"Service","name":"web","code":"not_applied","org":"acme"})"));
  EXPECT_THAT(world.records(Topic::alerts), IsEmpty());
}

TEST_F(DocumentsEdge, SaysWhichDocumentHadNoAnswerInTime) {
  file.documents = {contract(1), web()};
  const auto caller = put();
  world.executor.pass(seconds(11));
  EXPECT_EQ(caller->status(), 504u);
  EXPECT_THAT(caller->body(), HasSubstr("not_applied"));
}

TEST_F(DocumentsEdge, SaysWhenDocumentsCannotBeMadeDurable) {
  file.documents = {contract(1), contract(1, "shop")};
  world.log.fail("the disk is full");
  const auto caller = put();
  EXPECT_EQ(caller->status(), 503u);
  EXPECT_EQ(caller->header("Retry-After"), "1");
  EXPECT_THAT(caller->body(), HasSubstr("the disk is full"));
}

}  // namespace
}  // namespace virtscale::signal
