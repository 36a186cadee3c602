// Other documents over a recorded range: what turns is listed, what does not is not.
#include "replay/what_if/what_if.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compose/settings/documents.hpp"
#include "replay/capsule/make.hpp"
#include "replay/capsule_file.hpp"
#include "replay/command.hpp"
#include "tests/replay/town/town.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

constexpr Instant morning{1'776'729'600'000'000};  // when the town's day begins
const std::vector<std::string> orgs = {"acme", "bolt", "crux"};

// Each org may have 110 vCPU, asks for 14 domains of 10 one by one, and gives some back at the end.
void record_a_day(const fs::path& directory) {
  test::Town town(directory);
  town.build_cell(20);
  for (const auto& org : orgs) {
    town.sign_contract(org, 100);
    town.open_service(org);
  }
  town.pass(seconds(120));
  for (int round = 0; round < 13; ++round) {
    for (const auto& org : orgs) {
      town.request(org, 1);
      town.pass(seconds(7));
    }
    if (round % 4 == 1) town.alert("acme", "hot", 90);
    town.pass(seconds(60));
    if (round % 4 == 3) town.resolve("acme", "hot");
  }
  town.pass(seconds(300));
  for (const auto& org : orgs) town.request(org, -3);
  town.pass(seconds(300));
  town.alert("bolt", "cold", 5);
  town.pass(seconds(200));
  town.sync();
}

std::vector<Document> contract(const std::string& org, int overage, int vcpu = 100) {
  const auto text = "kind: Contract\norg: " + org +
                    "\nversion: 1\nsigned: 2026-01-01\nquota: {vcpu: " + std::to_string(vcpu) +
                    ", ram: " + std::to_string(vcpu * 8) + "GiB, disk: " + std::to_string(vcpu * 100) +
                    "GiB}\noverage: " + std::to_string(overage) + "%\nowner: owner@" + org + ".example\n";
  auto parsed = parse_documents(text, "contract.yml");
  EXPECT_TRUE(parsed.faults.empty()) << parsed.faults.front().message;
  return std::move(parsed.documents);
}

std::vector<Document> contracts(int overage) {
  std::vector<Document> all;
  for (const auto& org : orgs) {
    for (auto& document : contract(org, overage)) all.push_back(std::move(document));
  }
  return all;
}

class WhatIfTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryDirectory>();
    record_a_day(folder_->path() / "day");
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static WhatIf ask(std::vector<Document> documents, WhatIfOptions options = {}) {
    auto source = open_log_source((folder_->path() / "day").string());
    return what_if(source, std::move(documents), options);
  }

  // The first refusal of each org, by the log itself.
  static std::map<std::string, ScaleId> first_refusals() {
    std::map<std::string, ScaleId> firsts;
    auto source = open_log_source((folder_->path() / "day").string());
    source.log->read({Topic::outcomes, 0}, 0, SIZE_MAX, [&](const LogRecord& record) {
      const auto* event = schema::verify_event(record.value);
      const auto* decided = event->body_as_ScaleDecided();
      if (decided != nullptr && decided->decision() == schema::Decision::refused)
        firsts.try_emplace(event->org()->str(), ScaleId{event->header()->scale()});
      return true;
    });
    return firsts;
  }

  static inline std::unique_ptr<TemporaryDirectory> folder_;
};

TEST_F(WhatIfTest, TheSameContractChangesNothing) {
  const auto found = ask(contracts(10));
  EXPECT_GE(found.decisions, 45U);
  EXPECT_TRUE(found.orgs.empty()) << found.orgs.front().org << " " << found.orgs.front().decisions.size();
  EXPECT_EQ(found.modelled.size(), 0U);
  EXPECT_EQ(found.moved, 0U);
}

TEST_F(WhatIfTest, TheSameContractChangesNothingWhereverTheRangeBeginsAndEnds) {
  for (int begin = 10; begin < 1'100; begin += 61) {
    SCOPED_TRACE(begin);
    WhatIfOptions options;
    options.range = {morning + seconds(begin), morning + seconds(begin + 211)};
    const auto found = ask(contracts(10), options);
    EXPECT_TRUE(found.orgs.empty());
    EXPECT_EQ(found.modelled.size() + found.moved, 0U);
  }
}

TEST_F(WhatIfTest, MoreOverageListsExactlyTheRefusalsThatTurn) {
  const auto refusals = first_refusals();
  ASSERT_EQ(refusals.size(), orgs.size());
  // 100 vCPU and 20 % are 12 domains of 10, one more than with 10 %: of each org's refusals, the first turns.
  const auto found = ask(contracts(20));
  ASSERT_EQ(found.orgs.size(), orgs.size());
  for (const auto& org : found.orgs) {
    SCOPED_TRACE(org.org);
    std::vector<ScaleId> turned;
    for (const auto& decision : org.decisions) {
      if (decision.kind == ChangeKind::admitted_now) turned.push_back(decision.scale);
    }
    EXPECT_EQ(turned, std::vector{refusals.at(org.org)});
    EXPECT_NEAR(org.changed.vcpu_hours - org.recorded.vcpu_hours, 10.0 * 0.3, 2.0) << "one domain more, for a while";
    EXPECT_GT(org.changed.over_quota, org.recorded.over_quota);
  }
}

TEST_F(WhatIfTest, WhatNeverHappenedIsModelledFromWhatDidAndMarked) {
  const auto found = ask(contract("crux", 20));
  ASSERT_EQ(found.orgs.size(), 1U);
  ASSERT_FALSE(found.modelled.empty());
  const auto& start = found.modelled.front();
  EXPECT_EQ(start.asked, schema::Body::StartDomain);
  EXPECT_EQ(start.scale, first_refusals().at("crux"));
  EXPECT_GT(start.samples, 20U);
  EXPECT_GE(start.took, seconds(20));
  EXPECT_LE(start.took, seconds(40));
  const auto& turned = found.orgs.front().decisions.front();
  EXPECT_GE(turned.changed->served - turned.changed->decided, start.took);
}

TEST_F(WhatIfTest, OneSeedGivesOneAnswer) {
  WhatIfOptions other;
  other.seed = 2;
  const auto took = [](const WhatIf& found) { return found.modelled.front().took; };
  EXPECT_EQ(took(ask(contract("crux", 20))), took(ask(contract("crux", 20))));
  EXPECT_NE(took(ask(contract("crux", 20))), took(ask(contract("crux", 20), other)));
}

TEST_F(WhatIfTest, ASmallerContractRefusesWhatWasAdmitted) {
  const auto found = ask(contract("bolt", 0, 50));
  ASSERT_EQ(found.orgs.size(), 1U);
  std::size_t refused = 0;
  for (const auto& decision : found.orgs.front().decisions) refused += decision.kind == ChangeKind::refused_now ? 1 : 0;
  EXPECT_EQ(refused, 6U) << "5 domains instead of 11";
  EXPECT_EQ(found.orgs.front().changed.requests_refused, found.orgs.front().recorded.requests_refused + 6);
  EXPECT_LT(found.orgs.front().changed.vcpu_hours, found.orgs.front().recorded.vcpu_hours);
}

TEST_F(WhatIfTest, AContractThatIsChangedInTheMiddleTurnsOnlyWhatCameAfter) {
  WhatIfOptions options;
  options.range.from = morning + seconds(800);
  const auto found = ask(contract("acme", 20), options);
  ASSERT_EQ(found.orgs.size(), 1U);
  for (const auto& decision : found.orgs.front().decisions) {
    const auto& either = decision.changed ? *decision.changed : *decision.recorded;
    EXPECT_GE(either.decided, options.range.from);
  }
}

TEST_F(WhatIfTest, AServiceAndACellMayBeOther) {
  const auto text =
      "kind: Service\norg: bolt\nname: web\ncell: prod\ndomain: {vcpu: 20, ram: 48GiB, disk: 100GiB}\n"
      "replicas: {min: 1, max: 40}\nscale:\n  - {on: hot, change: +1}\n  - {on: cold, change: -1}\n"
      "cooldown: {out: 60s, in: 60s}\nhealth: {path: /healthz, every: 500ms, deadline: 60s}\nvip: 10.10.4.12/32\n"
      "haproxy: {backend: web}\n---\n"
      "kind: Cell\nname: prod\nnodes:\n  - {name: nd-0, zone: zone-a, numa: [{vcpu: 640, ram: 4000GiB}]}\n";
  auto parsed = parse_documents(text, "service.yml");
  ASSERT_TRUE(parsed.faults.empty()) << parsed.faults.front().message;
  const auto found = ask(std::move(parsed.documents));
  ASSERT_EQ(found.orgs.size(), 1U);
  EXPECT_EQ(found.orgs.front().org, "bolt") << "domains of twice the size: only those of bolt";
  EXPECT_GT(found.orgs.front().changed.requests_refused, found.orgs.front().recorded.requests_refused);
}

TEST_F(WhatIfTest, RunsOnACapsuleOfOneRefusal) {
  const auto refused = first_refusals().at("crux");
  const auto file = folder_->path() / "refusal.capsule";
  {
    auto source = open_log_source((folder_->path() / "day").string());
    make_capsule(source, {.scale = refused, .out = file}, {});
  }
  auto capsule = open_log_source(file.string());
  EXPECT_TRUE(what_if(capsule, contract("crux", 10), {}).orgs.empty());
  const auto found = what_if(capsule, contract("crux", 20), {});
  ASSERT_EQ(found.orgs.size(), 1U);
  ASSERT_EQ(found.orgs.front().decisions.size(), 1U);
  EXPECT_EQ(found.orgs.front().decisions.front().scale, refused);
  EXPECT_EQ(found.orgs.front().decisions.front().kind, ChangeKind::admitted_now);
}

// The real program under kill -9 (tests/corpus): real times, timers and answers, and starts in between.
TEST_F(WhatIfTest, OfARealRunTheSameContractChangesNothingAndMoreRoomTurnsRefusals) {
  const auto with = [](int vcpu) {
    const std::string text =
        "kind: Contract\norg: north\nversion: 1\nsigned: 2025-11-02\nquota: {vcpu: " + std::to_string(vcpu) +
        ", ram: 1000GiB, disk: 1000GiB}\noverage: 0%\nowner: a@b.example\n";
    return parse_documents(text, "contract.yml").documents;
  };
  auto source = open_log_source("tests/corpus/a_storm_of_kills.capsule");
  const auto same = what_if(source, with(3), {});
  EXPECT_GE(same.decisions, 20U);
  EXPECT_TRUE(same.orgs.empty());
  const auto more = what_if(source, with(4), {});
  ASSERT_EQ(more.orgs.size(), 1U);
  EXPECT_EQ(more.orgs.front().decisions.front().kind, ChangeKind::admitted_now);
}

TEST_F(WhatIfTest, ADocumentThatWouldBeRefusedIsSaidSo) {
  auto parsed = parse_documents(
      "kind: Service\norg: bolt\nname: web\ncell: elsewhere\ndomain: {vcpu: 10, ram: 48GiB, disk: 100GiB}\n"
      "replicas: {min: 1, max: 40}\nhealth: {path: /healthz, every: 500ms, deadline: 60s}\n",
      "service.yml");
  ASSERT_TRUE(parsed.faults.empty()) << parsed.faults.front().message;
  WhatIfOptions options;
  options.range.from = morning + seconds(600);
  EXPECT_THROW(ask(std::move(parsed.documents), options), UsageError);
}

}  // namespace
}  // namespace virtscale::replay
