// Policy as another program decides it: the same program changes nothing, another one what it decides otherwise.
#include "replay/what_if/foreign_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "replay/capsule_file.hpp"
#include "replay/command.hpp"
#include "replay/what_if/what_if.hpp"
#include "tests/replay/town/town.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::vector<std::string> orgs = {"acme", "bolt"};

// Each org may have 110 vCPU, and asks for 14 domains of 10 one by one.
void record_a_day(const fs::path& directory) {
  LogLayout layout;
  layout.partitions = {2, 2, 1, 2, 2, 1, 1};
  test::Town town(directory, layout);
  town.build_cell(20);
  for (const auto& org : orgs) {
    town.sign_contract(org, 100);
    town.open_service(org);
  }
  town.pass(seconds(120));
  for (int round = 0; round < 13; ++round) {
    for (const auto& org : orgs) town.request(org, 1);
    if (round % 4 == 1) town.alert("acme", "hot", 90);
    town.pass(seconds(70));
    if (round % 4 == 3) town.resolve("acme", "hot");
  }
  for (const auto& org : orgs) town.request(org, -3);
  town.pass(seconds(300));
  town.sync();
}

class ForeignPolicyTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryDirectory>();
    record_a_day(folder_->path());
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static WhatIf ask(const std::string& program, Range range = {}) {
    auto source = open_log_source(folder_->path().string());
    return what_if(source, {}, {.range = range, .policy_program = program});
  }
  static std::string complaint_of(const std::string& program) {
    try {
      ask(program);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }

  // What `--overage 20` lists, by our own policy: its decisions are those of a program with that gate.
  static std::set<ScaleId> admitted_with_more_room() {
    std::set<ScaleId> firsts;
    std::set<std::string> seen;
    auto source = open_log_source(folder_->path().string());
    for (std::uint32_t p = 0; p < 2; ++p) {
      source.log->read({Topic::outcomes, p}, 0, SIZE_MAX, [&](const LogRecord& record) {
        const auto* event = schema::verify_event(record.value);
        const auto* decided = event->body_as_ScaleDecided();
        const bool refused = decided != nullptr && decided->decision() == schema::Decision::refused;
        if (refused && seen.insert(event->org()->str()).second) firsts.insert({event->header()->scale()});
        return true;
      });
    }
    return firsts;
  }

  static inline std::unique_ptr<TemporaryDirectory> folder_;
};

TEST_F(ForeignPolicyTest, TheSameProgramDecidesTheSame) {
  const auto found = ask(POLICY);
  EXPECT_GE(found.decisions, 28U);
  EXPECT_EQ(found.policy_epoch, 1U);
  EXPECT_TRUE(found.orgs.empty());
  EXPECT_EQ(found.modelled.size() + found.moved, 0U);
}

TEST_F(ForeignPolicyTest, TheSameProgramDecidesTheSameFromTheMiddleOn) {
  constexpr Instant morning{1'776'729'600'000'000};
  for (int begin = 130; begin < 1'000; begin += 173) {
    const auto found = ask(POLICY, {.from = morning + seconds(begin)});
    EXPECT_TRUE(found.orgs.empty()) << begin;
  }
}

TEST_F(ForeignPolicyTest, AnotherProgramTurnsExactlyWhatItDecidesOtherwise) {
  const auto turning = admitted_with_more_room();
  ASSERT_EQ(turning.size(), orgs.size());
  const auto found = ask(GENEROUS_POLICY);
  std::set<ScaleId> turned;
  for (const auto& org : found.orgs) {
    for (const auto& decision : org.decisions) {
      if (decision.kind == ChangeKind::admitted_now) turned.insert(decision.scale);
    }
    EXPECT_GT(org.changed.vcpu_hours, org.recorded.vcpu_hours) << "figures come from the other program's books";
  }
  EXPECT_EQ(turned, turning);
  ASSERT_FALSE(found.modelled.empty());
  EXPECT_EQ(found.modelled.front().asked, schema::Body::StartDomain);
}

TEST_F(ForeignPolicyTest, WhatIsNoProgramThatFoldsPolicyIsSaidSo) {
  EXPECT_THAT(complaint_of("/nowhere/virtscale-policy"), HasSubstr("is no program that can be run"));
  EXPECT_THAT(complaint_of("/bin/true"), HasSubstr("ended before it said who it is"));
  EXPECT_THAT(complaint_of("/bin/echo"), HasSubstr("does not begin as a program that folds does"));
  EXPECT_THAT(complaint_of(AUDIT), HasSubstr("it folds audit, and not policy"));
}

TEST_F(ForeignPolicyTest, AProgramThatFailsEndsTheQuestion) {
  const auto file = folder_->path() / "failing";
  std::ofstream(file) << "#!/bin/sh\necho 'virtscale-fold 1 policy 1'\nexit 3\n";
  fs::permissions(file, fs::perms::owner_all);
  try {
    ask(file.string());
    FAIL() << "it folded";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("failing cannot fold"));
  }
}

}  // namespace
}  // namespace virtscale::replay
