// A shadow beside a log that grows: what turns is told while it grows, and is what a what-if finds afterwards.
#include "replay/what_if/shadow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "compose/settings/documents.hpp"
#include "replay/capsule_file.hpp"
#include "tests/replay/town/town.hpp"

namespace virtscale::replay {
namespace {

const std::vector<std::string> orgs = {"acme", "bolt"};

std::vector<Document> contracts(int overage) {
  std::string text;
  for (const auto& org : orgs) {
    text += (text.empty() ? "" : "---\n") + std::string("kind: Contract\norg: ") + org +
            "\nversion: 1\nsigned: 2026-01-01\nquota: {vcpu: 100, ram: 800GiB, disk: 10000GiB}\noverage: " +
            std::to_string(overage) + "%\nowner: owner@" + org + ".example\n";
  }
  auto parsed = parse_documents(text, "contracts.yml");
  EXPECT_TRUE(parsed.faults.empty()) << parsed.faults.front().message;
  return std::move(parsed.documents);
}

class ShadowTest : public testing::Test {
 protected:
  ShadowTest() {
    town.build_cell(20);
    for (const auto& org : orgs) {
      town.sign_contract(org, 100);
      town.open_service(org);
    }
    live(seconds(120));
  }

  void begin(std::vector<Document> documents, std::optional<Instant> from = {}, const std::string& program = {}) {
    town.sync();
    shadow =
        std::make_unique<Shadow>(open(), std::move(documents),
                                 ShadowOptions{.from = from, .policy_program = program, .told = [this](auto turned) {
                                                 told.push_back(std::move(turned));
                                               }});
    look();
  }

  // The afternoon: each org asks for 13 domains more, one by one, and gives three back.
  void pass_the_afternoon() {
    for (int round = 0; round < 13; ++round) {
      for (const auto& org : orgs) town.request(org, 1);
      if (round % 4 == 1) town.alert("acme", "hot", 90);
      live(seconds(70));
      if (round % 4 == 3) town.resolve("acme", "hot");
    }
    for (const auto& org : orgs) town.request(org, -3);
    live(seconds(300));
  }

  std::set<ScaleId> told_as(ChangeKind kind) const {
    std::set<ScaleId> scales;
    for (const auto& turned : told) {
      if (turned.decision && turned.decision->kind == kind) scales.insert(turned.scale);
    }
    return scales;
  }
  static std::set<ScaleId> listed_as(ChangeKind kind, const WhatIf& found) {
    std::set<ScaleId> scales;
    for (const auto& org : found.orgs) {
      for (const auto& decision : org.decisions) {
        if (decision.kind == kind) scales.insert(decision.scale);
      }
    }
    return scales;
  }
  // What a what-if finds in the log as it is now.
  WhatIf afterwards(std::vector<Document> documents, Instant from) {
    town.sync();
    auto source = open();
    return what_if(source, std::move(documents), {.range = {.from = from}});
  }

  LogSource open() const { return open_log_source(folder.path().string()); }

  void look() {
    town.sync();
    const auto source = open();
    shadow->follow(*source.log, town.now() + shadow_behind);
  }

  // Lets time pass in odd steps, and the shadow look between them.
  void live(Duration time) {
    for (auto left = time; left > Duration{};) {
      const auto step = std::min(left, milliseconds(3'700));
      town.pass(step);
      left = Duration{left.us - step.us};
      if (shadow) look();
    }
  }

  TemporaryDirectory folder;
  test::Town town{folder.path()};
  std::unique_ptr<Shadow> shadow;
  std::vector<Turned> told;
};

TEST_F(ShadowTest, TellsNothingUnderTheSameContracts) {
  begin(contracts(10));
  pass_the_afternoon();
  const auto found = shadow->end();
  EXPECT_TRUE(told.empty()) << to_string(told.front().scale);
  EXPECT_TRUE(found.orgs.empty());
  EXPECT_GE(found.decisions, 28U);
  EXPECT_EQ(found.modelled.size() + found.moved, 0U);
}

TEST_F(ShadowTest, TellsTheRefusalsThatTurnWhileTheyTurn) {
  const auto began = town.now();
  begin(contracts(20));
  pass_the_afternoon();
  const auto turned = told_as(ChangeKind::admitted_now);
  EXPECT_EQ(turned.size(), orgs.size()) << "100 vCPU and 20 % are one domain more than with 10 %";
  const auto found = shadow->end();
  EXPECT_EQ(listed_as(ChangeKind::admitted_now, found), turned);
  EXPECT_EQ(listed_as(ChangeKind::admitted_now, afterwards(contracts(20), began)), turned);
  ASSERT_FALSE(found.modelled.empty());
  EXPECT_GT(found.modelled.front().samples, 10U) << "of what was recorded before";
  EXPECT_GE(found.modelled.front().took, seconds(20));
}

TEST_F(ShadowTest, MarksWhatStandsOnModelledAnswers) {
  begin(contracts(20));
  pass_the_afternoon();
  ASSERT_FALSE(told.empty());
  EXPECT_FALSE(told.front().modelled) << "all before it was recorded";
  town.request("acme", -1);
  live(seconds(100));
  ASSERT_EQ(told.back().org, "acme");
  EXPECT_TRUE(told.back().modelled) << "it counts a domain that never was";
}

TEST_F(ShadowTest, BeginsInThePastIfAskedTo) {
  const auto began = town.now();
  pass_the_afternoon();
  begin(contracts(20), began);
  EXPECT_EQ(told_as(ChangeKind::admitted_now).size(), orgs.size());
  live(seconds(20));
  EXPECT_EQ(listed_as(ChangeKind::admitted_now, shadow->end()), told_as(ChangeKind::admitted_now));
}

TEST_F(ShadowTest, LetsAnotherProgramDecide) {
  begin({}, {}, GENEROUS_POLICY);
  pass_the_afternoon();
  EXPECT_EQ(told_as(ChangeKind::admitted_now).size(), orgs.size());
}

TEST_F(ShadowTest, WithAnIdleLogItEndsWithNothing) {
  begin(contracts(10));
  look();
  const auto found = shadow->end();
  EXPECT_EQ(found.records, 0U);
  EXPECT_TRUE(found.orgs.empty());
}

}  // namespace
}  // namespace virtscale::replay
