// Taking snapshots: when, how often, and what a slow or broken archive costs.
#include "topology/host/snapshot/taker.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/topology/snapshot/world.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SnapshotTakerTest : public testing::Test {
 protected:
  SnapshotTakerTest() {
    world.append_contract();
    world.executor.pass(seconds(2));
  }
  void take() {
    shell->use_store([this](Store& of) { taker.take(0, of); });
    world.executor.run();
  }
  void fold_more() {
    world.append_contract();
    world.executor.pass(seconds(5));
  }
  fs::path scratch() const { return world.directory.path() / "scratch"; }

  test::SnapshotWorld world;
  std::unique_ptr<Store> store = world.stores().open("policy", 0);
  std::shared_ptr<test::SnapshotWorld::TestShell> shell = world.run_over(*store);
  test::SteppedExecutor uploads{world.clock};
  std::vector<std::uint64_t> taken;
  SnapshotTaker taker{{.snapshots = world.snapshots,
                       .uploads = uploads,
                       .scratch = world.directory.path() / "scratch",
                       .on_taken = [this](const SnapshotManifest& made) { taken.push_back(made.at.folded); },
                       .tell = [this](const std::string& why) { world.told.push_back(why); }},
                      world.owner(),
                      2};
};

TEST_F(SnapshotTakerTest, FoldingAndCommitsGoOnWhileAnUploadWaits) {
  take();
  const auto before = *world.log.committed(world.inbox);
  fold_more();
  EXPECT_GT(*world.log.committed(world.inbox), before);
  EXPECT_THAT(taken, IsEmpty());
  uploads.run();
  EXPECT_THAT(taken, ElementsAre(before));
  EXPECT_TRUE(fs::is_empty(scratch())) << "the copy is gone once it is in the archive";
}

TEST_F(SnapshotTakerTest, WhatIsStillOnItsWayIsNotTakenTwice) {
  take();
  fold_more();
  take();
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("no snapshot of policy-0 now")));
  uploads.run();
  take();
  uploads.run();
  EXPECT_EQ(taken.size(), 2u);
}

TEST_F(SnapshotTakerTest, AStateThatDidNotGrowIsNotTakenAgain) {
  take();
  uploads.run();
  take();
  EXPECT_TRUE(fs::is_empty(scratch()));
  uploads.run();
  EXPECT_EQ(taken.size(), 1u);
  EXPECT_THAT(world.told, IsEmpty());
}

TEST_F(SnapshotTakerTest, OnlyTheNewestAreKept) {
  for (int i = 0; i < 4; ++i) {
    fold_more();
    take();
    uploads.run();
  }
  ASSERT_EQ(taken.size(), 4u);
  EXPECT_THAT(world.snapshots.newest_first(world.owner()), ElementsAre(taken[3], taken[2]));
}

TEST_F(SnapshotTakerTest, ABrokenArchiveIsToldAndTriedAgainNextTime) {
  const auto archive = world.directory.path() / "archive";
  fs::rename(archive, world.directory.path() / "away");
  std::ofstream(archive) << "not a directory";
  take();
  uploads.run();
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("was not finished: cannot")));
  EXPECT_TRUE(fs::is_empty(scratch()));
  fs::remove(archive);
  fs::rename(world.directory.path() / "away", archive);
  take();
  uploads.run();
  EXPECT_EQ(taken.size(), 1u);
}

TEST_F(SnapshotTakerTest, AStoreWithoutStateHasNoSnapshot) {
  const auto empty = open_rocksdb_store(world.directory.path() / "empty");
  taker.take(5, *empty);
  uploads.run();
  EXPECT_THAT(taken, IsEmpty());
  EXPECT_THAT(world.told, IsEmpty());
}

TEST_F(SnapshotTakerTest, ADiskThatTakesNoCopyIsTold) {
  fs::remove_all(scratch());
  std::ofstream(scratch()) << "in the way";
  take();
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("no snapshot of policy-0: ")));
}

TEST_F(SnapshotTakerTest, OneThatIsToStopGivesUpAndLeavesNothingThatCouldBeTakenForASnapshot) {
  take();
  taker.stop();
  uploads.run();
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("the process stops")));
  EXPECT_THAT(world.snapshots.newest_first(world.owner()), IsEmpty());
  EXPECT_TRUE(fs::is_empty(scratch()));
  fold_more();
  take();
  EXPECT_TRUE(fs::is_empty(scratch()));
}

TEST_F(SnapshotTakerTest, RemovesItsOwnStagesLeftOversAndNothingElse) {
  for (const auto* name : {"policy-3.snapshot", "policy-3", "audit-0.snapshot"}) {
    fs::create_directories(scratch() / name);
    std::ofstream(scratch() / name / "CURRENT") << "x";
  }
  std::ofstream(scratch() / "policy-3.snapshot.manifest.json.new") << "x";
  const SnapshotTaker next(
      {.snapshots = world.snapshots, .uploads = uploads, .scratch = scratch(), .on_taken = nullptr, .tell = nullptr},
      world.owner());
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(scratch())) left.push_back(entry.path().filename());
  EXPECT_THAT(left, testing::UnorderedElementsAre("policy-3", "audit-0.snapshot"));
}

TEST(Repeat, RunsAsLongAsItIsHeld) {
  ManualClock clock{{0}};
  test::SteppedExecutor executor{clock};
  int runs = 0;
  auto held = repeat(executor, seconds(10), [&] { ++runs; });
  executor.pass(seconds(9));
  EXPECT_EQ(runs, 0);
  for (int i = 0; i < 3; ++i) executor.pass(seconds(10));
  EXPECT_EQ(runs, 3);
  held.reset();
  executor.pass(seconds(10));
  EXPECT_EQ(runs, 3);
}

}  // namespace
}  // namespace virtscale
