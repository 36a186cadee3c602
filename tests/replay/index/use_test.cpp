// What trace, capsule and at say with an index is what they say without; it is found sooner.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay/at/at.hpp"
#include "replay/capsule/make.hpp"
#include "replay/capsule_file.hpp"
#include "replay/command.hpp"
#include "replay/decision/birth.hpp"
#include "replay/decision/states.hpp"
#include "replay/index/build.hpp"
#include "replay/trace/views.hpp"
#include "tests/replay/index/busy_day.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;
using test::bytes_of;
using test::nothing;

Trace traced(const LogSource& source, ScaleId scale) {
  StateIndex index(source);
  auto trace = gather_trace(*source.log, index, scale, nothing);
  StateFolder(*source.log, index, trace).run(nothing);
  return trace;
}

// One log, and the same with an index.
class IndexInUse : public testing::Test {
 protected:
  void SetUp() override {
    LogLayout layout;
    layout.partitions = {1, 1, 2, 2, 1, 1, 1};
    test::record_a_busy_day(folder_.path() / "day", layout);
    plain_ = open_log_source((folder_.path() / "day").string());
    indexed_ = open_log_source((folder_.path() / "day").string());
    build_index(indexed_, folder_.path() / "index", 400, nothing);
    indexed_.index = folder_.path() / "index";
  }

  TemporaryDirectory folder_;
  LogSource plain_;
  LogSource indexed_;
};

TEST_F(IndexInUse, TracesDecisionsAlikeAndReadsAndFoldsLess) {
  std::uint64_t folded_plain = 0;
  std::uint64_t folded_indexed = 0;
  const auto decisions = test::decisions_in(*plain_.log);
  ASSERT_GT(decisions.size(), 100U);
  for (std::size_t i = 0; i < decisions.size(); i += 4) {
    const auto& decision = decisions[i];
    auto plain = traced(plain_, decision.scale);
    auto indexed = traced(indexed_, decision.scale);
    folded_plain += *plain.to_fold;
    folded_indexed += *indexed.to_fold;
    EXPECT_LE(indexed.records_read, plain.records_read);
    plain.to_fold = indexed.to_fold = 0;
    plain.records_read = indexed.records_read = 0;
    EXPECT_EQ(trace_json(indexed), trace_json(plain)) << to_string(decision.scale);
  }
  EXPECT_LT(folded_indexed, folded_plain / 3);
}

TEST_F(IndexInUse, DoesNotReadWhatWasNotAboutARefusalThatStoodForHours) {
  const auto decisions = test::decisions_in(*plain_.log);
  const auto refused = std::ranges::find(decisions, "full", &test::Decision::org);
  StateIndex none(plain_);
  StateIndex index(indexed_);
  for (auto at = refused; at != decisions.end(); ++at) {
    if (at->org != "full") continue;
    const auto plain = gather_trace(*plain_.log, none, at->scale, nothing);
    if (first_of<schema::RefusalEnded>(plain) == nullptr) continue;
    const auto indexed = gather_trace(*indexed_.log, index, at->scale, nothing);
    EXPECT_EQ(indexed.records.size(), plain.records.size());
    EXPECT_LT(indexed.records_read, plain.records_read / 2);
    return;
  }
  FAIL() << "no refusal of the day has ended";
}

TEST_F(IndexInUse, MakesTheSameCapsulesToTheByte) {
  const auto decisions = test::decisions_in(*plain_.log);
  for (std::size_t i = 0; i < decisions.size(); i += 7) {
    const auto plain = folder_.path() / "plain";
    const auto indexed = folder_.path() / "indexed";
    make_capsule(plain_, {.scale = decisions[i].scale, .out = plain}, {});
    make_capsule(indexed_, {.scale = decisions[i].scale, .out = indexed}, {});
    EXPECT_EQ(bytes_of(indexed), bytes_of(plain)) << to_string(decisions[i].scale);
    fs::remove(plain);
    fs::remove(indexed);
  }
  const Instant from{1'776'729'600'000'000 + seconds(2'000).us};
  const CapsuleOrder range{.org = "bolt", .from = from, .to = from + seconds(500), .out = folder_.path() / "range"};
  make_capsule(plain_, range, {});
  const auto expected = bytes_of(range.out);
  fs::remove(range.out);
  make_capsule(indexed_, range, {});
  EXPECT_EQ(bytes_of(range.out), expected);
}

TEST_F(IndexInUse, GivesTheSameStateAsOfAMomentFromFewerRecords) {
  const AtOptions options{.at = {1'776'729'600'000'000 + seconds(3'000).us}};
  const auto plain = state_at(plain_, options);
  const auto indexed = state_at(indexed_, options);
  EXPECT_LT(indexed.records, plain.records / 3);
  ASSERT_EQ(indexed.services.size(), plain.services.size());
  for (std::size_t i = 0; i < plain.services.size(); ++i)
    EXPECT_EQ(indexed.services[i].committed, plain.services[i].committed);
  ASSERT_EQ(indexed.ledgers.size(), plain.ledgers.size());
  for (std::size_t i = 0; i < plain.ledgers.size(); ++i) EXPECT_EQ(indexed.ledgers[i].lines, plain.ledgers[i].lines);
}

TEST_F(IndexInUse, DoesNotHideThatThereIsNoSuchEvent) {
  StateIndex index(indexed_);
  EXPECT_FALSE(find_birth(*indexed_.log, index, {1}));
  EXPECT_THROW(traced(indexed_, {1}), NotFound);
}

}  // namespace
}  // namespace virtscale::replay
