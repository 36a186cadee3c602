// Where a partition's state comes from: the disk, a snapshot, or nothing; and whose log it belongs to.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/topology/snapshot/world.hpp"
#include "topology/host/snapshot/partition_stores.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string error_of(const fs::path& state, const std::string& log) {
  try {
    claim_state(state, log);
  } catch (const StoreError& error) {
    return error.what();
  }
  return "no error";
}

TEST(StateOfALog, IsClaimedOnceAndKnownAgain) {
  const TemporaryDirectory directory;
  const auto state = directory.path() / "data" / "state";
  EXPECT_EQ(error_of(state, "log-1"), "no error");
  fs::create_directories(state / "policy-0");
  EXPECT_EQ(error_of(state, "log-1"), "no error");
}

TEST(StateOfALog, IsRefusedToAnotherLogWithBothNames) {
  const TemporaryDirectory directory;
  claim_state(directory.path(), "log-1");
  EXPECT_THAT(error_of(directory.path(), "log-2"),
              AllOf(HasSubstr("'log-1'"), HasSubstr("'log-2'"), HasSubstr(directory.path()), HasSubstr("--data")));
}

TEST(StateOfALog, ThatNothingNamesIsRefused) {
  const TemporaryDirectory directory;
  fs::create_directories(directory.path() / "policy-0");
  EXPECT_THAT(error_of(directory.path(), "log-1"), HasSubstr("says which log"));
  EXPECT_FALSE(fs::exists(directory.path() / "LOG"));
}

TEST(StateOfALog, ACrashWhileItIsClaimedChangesNothing) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "LOG.new") << "lo";
  EXPECT_EQ(error_of(directory.path(), "log-1"), "no error");
}

TEST(StateOfALog, AFileThatIsNoNameIsRefused) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "LOG") << std::string(100'000, 'x');
  EXPECT_THAT(error_of(directory.path(), "log-1"), HasSubstr("LOG"));
  fs::remove(directory.path() / "LOG");
  std::ofstream(directory.path() / "file") << "";
  EXPECT_THAT(error_of(directory.path() / "file", "log-1"), HasSubstr("cannot use the state directory"));
}

class PartitionStoresTest : public testing::Test {
 protected:
  // What an owner leaves who folded, committed and took a snapshot.
  void SetUp() override {
    auto store = world.stores().open("policy", 0);
    const auto shell = world.run_over(*store);
    world.append_contract();
    world.drain(*shell);
    rows = test::rows_of(*store);
    store->checkpoint(world.directory.path() / "copy");
    world.snapshots.put(world.owner(), *point_in(*store), world.directory.path() / "copy");
    folded = point_in(*store)->folded;
  }
  test::SnapshotWorld world;
  test::Rows rows;
  std::uint64_t folded = 0;
};

TEST_F(PartitionStoresTest, AStateThatIsThereIsUsedAsItIs) {
  const auto store = world.stores().open("policy", 0);
  EXPECT_EQ(test::rows_of(*store), rows);
  EXPECT_THAT(world.fetched, IsEmpty());
}

TEST_F(PartitionStoresTest, ALostStateBeginsWithTheSnapshot) {
  fs::remove_all(world.state());
  const auto store = world.stores().open("policy", 0);
  EXPECT_EQ(test::rows_of(*store), rows);
  EXPECT_THAT(world.fetched, ElementsAre(folded));
}

TEST_F(PartitionStoresTest, AnEmptyStoreIsReplacedByTheSnapshot) {
  fs::remove_all(world.state() / "policy-0");
  open_rocksdb_store(world.state() / "policy-0");  // made, and never committed to
  const auto store = world.stores().open("policy", 0);
  EXPECT_EQ(test::rows_of(*store), rows);
}

TEST_F(PartitionStoresTest, WhatACrashLeftOfAFetchIsNoState) {
  fs::remove_all(world.state() / "policy-0");
  fs::create_directories(world.state() / "policy-0.fetched");
  std::ofstream(world.state() / "policy-0.fetched" / "CURRENT") << "half";
  const auto store = world.stores().open("policy", 0);
  EXPECT_EQ(test::rows_of(*store), rows);
  EXPECT_FALSE(fs::exists(world.state() / "policy-0.fetched"));
}

TEST_F(PartitionStoresTest, OlderCodeDoesNotTakeANewerEpochsSnapshot) {
  fs::remove_all(world.state());
  const auto store = world.stores(test::SmallFold::epoch - 1).open("policy", 0);
  EXPECT_THAT(test::rows_of(*store), IsEmpty());
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("a newer program made it")));
}

TEST_F(PartitionStoresTest, APartitionWithoutSnapshotsBeginsEmpty) {
  const auto store = world.stores().open("audit", 0);
  EXPECT_THAT(test::rows_of(*store), IsEmpty());
  EXPECT_THAT(world.told, IsEmpty());
}

}  // namespace
}  // namespace virtscale
