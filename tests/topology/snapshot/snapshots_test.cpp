// What is in an archive is not believed: whatever was changed is found, and the next older snapshot is used.
#include "topology/host/snapshot/snapshots.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/topology/snapshot/world.hpp"
#include "topology/host/snapshot/files.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Two snapshots of a partition, the older at `older`, the newer at `newer`.
class SnapshotsTest : public testing::Test {
 protected:
  void SetUp() override {
    store = open_rocksdb_store(world.directory.path() / "live");
    shell = world.run_over(*store);
    older = take();
    newer = take();
  }
  std::uint64_t take() {
    world.append_contract();
    world.executor.pass(seconds(2));
    const auto copy = world.directory.path() / ("copy-" + std::to_string(++copies_));
    store->checkpoint(copy);
    return world.snapshots.put(world.owner(), *point_in(*store), copy).at.folded;
  }
  std::vector<std::string> objects_of(std::uint64_t folded) {
    const auto digits = std::to_string(folded);
    return world.archive->list("log-1/policy-0/" + std::string(20 - digits.size(), '0') + digits + "/");
  }
  fs::path path_of(const std::string& object) { return world.directory.path() / "archive" / object; }
  fs::path manifest_of(std::uint64_t folded) {
    for (const auto& object : objects_of(folded)) {
      if (object.ends_with("manifest.json")) return path_of(object);
    }
    return {};
  }
  void replace_in_manifest(std::uint64_t folded, const std::string& from, const std::string& to) {
    auto text = read_text_file(manifest_of(folded), manifest_bytes_max);
    ASSERT_NE(text.find(from), text.npos) << text;
    write_text_file(manifest_of(folded), text.replace(text.find(from), from.size(), to));
  }
  // The offset of what is fetched now; its state must be whole.
  std::optional<std::uint64_t> fetch() { return fetch(world.need()); }
  std::optional<std::uint64_t> fetch(const SnapshotNeed& need) {
    world.told.clear();
    const auto into = world.directory.path() / ("fetched-" + std::to_string(++copies_));
    const auto found = world.snapshots.fetch(need, into);
    EXPECT_EQ(fs::exists(into), found.has_value());
    EXPECT_FALSE(fs::exists(into.string() + ".fetched")) << "nothing half is left";
    if (!found) return std::nullopt;
    EXPECT_EQ(point_in(*open_rocksdb_store(into)), found->at);
    return found->at.folded;
  }

  test::SnapshotWorld world;
  std::unique_ptr<Store> store;
  std::shared_ptr<test::SnapshotWorld::TestShell> shell;
  std::uint64_t older = 0;
  std::uint64_t newer = 0;

 private:
  int copies_ = 0;
};

TEST_F(SnapshotsTest, TheNewestIsFetchedWithEveryRow) {
  EXPECT_LT(older, newer);
  EXPECT_THAT(world.snapshots.newest_first(world.owner()), ElementsAre(newer, older));
  const auto into = world.directory.path() / "state";
  const auto fetched = world.snapshots.fetch(world.need(), into);
  ASSERT_TRUE(fetched);
  EXPECT_EQ(fetched->at.folded, newer);
  EXPECT_EQ(test::rows_of(*open_rocksdb_store(into)), test::rows_of(*store));
  EXPECT_THAT(world.told, IsEmpty());
}

TEST_F(SnapshotsTest, AFlippedByteInAnyFileIsFoundAndTheOlderOneUsed) {
  std::size_t flipped = 0;
  for (const auto& object : objects_of(newer)) {
    const auto size = fs::file_size(path_of(object));
    for (const auto at : {std::uintmax_t{0}, size / 2, size - 1}) {
      if (at >= size) continue;
      std::fstream file(path_of(object), std::ios::in | std::ios::out | std::ios::binary);
      const auto flip = [&] {
        file.seekg(static_cast<std::streamoff>(at));
        const auto byte = static_cast<char>(file.get() ^ 1);
        file.seekp(static_cast<std::streamoff>(at));
        file.put(byte).flush();
      };
      flip();
      EXPECT_EQ(fetch(), older) << object << " byte " << at;
      EXPECT_THAT(world.told, ElementsAre(HasSubstr("snapshot " + std::to_string(newer) + " is not used")));
      flip();
      ++flipped;
    }
  }
  EXPECT_GE(flipped, 9u);
  EXPECT_EQ(fetch(), newer) << "all bytes are as they were";
}

TEST_F(SnapshotsTest, AFlippedByteAnywhereInTheManifestIsFound) {
  world.snapshots.prune(world.owner(), 1);  // without an older one, which would be fetched each time
  const auto path = manifest_of(newer);
  const auto whole = read_text_file(path, manifest_bytes_max);
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    std::ofstream(path) << changed;
    ASSERT_EQ(fetch(), std::nullopt) << "byte " << at << ": " << changed.substr(at, 10);
  }
  std::ofstream(path) << whole;
  EXPECT_EQ(fetch(), newer);
}

TEST_F(SnapshotsTest, ATruncatedManifestOrFileIsRefused) {
  fs::resize_file(manifest_of(newer), fs::file_size(manifest_of(newer)) - 1);
  EXPECT_EQ(fetch(), older);
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("the manifest is damaged at byte")));
  fs::resize_file(manifest_of(newer), 0);
  EXPECT_EQ(fetch(), older);
  const auto object = objects_of(older).front();
  fs::resize_file(path_of(object), fs::file_size(path_of(object)) - 1);
  EXPECT_EQ(fetch(), std::nullopt) << "the log is folded from its beginning";
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("damaged"), HasSubstr("bytes, and the manifest says")));
}

TEST_F(SnapshotsTest, AManifestWithoutEndIsNotRead) {
  fs::resize_file(manifest_of(newer), manifest_bytes_max + 1);
  EXPECT_EQ(fetch(), older);
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("that it may have")));
}

TEST_F(SnapshotsTest, AMissingFileIsNamed) {
  const auto object = objects_of(newer).front();
  world.archive->remove(object);
  EXPECT_EQ(fetch(), older);
  EXPECT_THAT(world.told, ElementsAre(HasSubstr(object + " is missing")));
}

TEST_F(SnapshotsTest, OneOfAnotherOwnerIsRefusedWithTheDifference) {
  const auto refused = [&](const std::string& from, const std::string& to) {
    const auto whole = read_text_file(manifest_of(newer), manifest_bytes_max);
    replace_in_manifest(newer, from, to);
    EXPECT_EQ(fetch(), older) << to;
    write_text_file(manifest_of(newer), whole);
    return world.told.at(0);
  };
  EXPECT_THAT(refused("\"log\":\"log-1\"", "\"log\":\"log-2\""), HasSubstr("its log is log-2, ours is log-1"));
  EXPECT_THAT(refused("\"stage\":\"policy\"", "\"stage\":\"audit\""), HasSubstr("its stage is audit, ours is policy"));
  EXPECT_THAT(refused("\"partition\":0", "\"partition\":7"), HasSubstr("its partition is 7, ours is 0"));
  EXPECT_THAT(refused("[1,1,", "[1,2,"), HasSubstr("another layout"));
  EXPECT_THAT(refused("murmur2", "murmur3"), HasSubstr("another layout"));
  EXPECT_THAT(refused("\"epoch\":1", "\"epoch\":2"), HasSubstr("its epoch is 2, ours is 1: a newer program"));
}

TEST_F(SnapshotsTest, OneOfAnotherPlaceIsRefused) {
  for (const auto& object : objects_of(older)) {
    const auto moved = path_of("log-1/policy-1" + object.substr(std::string("log-1/policy-0").size()));
    fs::create_directories(moved.parent_path());
    fs::copy_file(path_of(object), moved);
  }
  auto need = world.need();
  need.owner.partition = 1;
  EXPECT_EQ(fetch(need), std::nullopt);
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("its partition is 0, ours is 1")));
}

TEST_F(SnapshotsTest, OneAheadOfTheLogIsRefused) {
  auto need = world.need();
  need.log_end = newer;
  EXPECT_EQ(fetch(need), older);
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("the log ends before")));
  need.log_end = newer + 1;
  EXPECT_EQ(fetch(need), newer);
}

TEST_F(SnapshotsTest, AStateThatIsNotWhatTheManifestSaysIsRefused) {
  const auto digest = "\"digest\":\"";
  const auto text = read_text_file(manifest_of(newer), manifest_bytes_max);
  const auto at = text.find(digest) + std::string(digest).size();
  replace_in_manifest(newer, text.substr(at, 4), text.substr(at, 4) == "0000" ? "1111" : "0000");
  EXPECT_EQ(fetch(), older);
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("with another digest")));
}

TEST_F(SnapshotsTest, OneWithoutAManifestIsNoneYet) {
  fs::remove(manifest_of(newer));
  EXPECT_EQ(fetch(), older);
  EXPECT_THAT(world.told, IsEmpty());
}

TEST_F(SnapshotsTest, AnArchiveThatIsGoneIsToldAndTheLogIsFolded) {
  fs::remove_all(world.directory.path() / "archive");
  std::ofstream(world.directory.path() / "archive") << "not a directory";
  EXPECT_EQ(fetch(), std::nullopt);
  EXPECT_THAT(world.told, ElementsAre(HasSubstr("folded from its beginning")));
}

TEST_F(SnapshotsTest, PruneKeepsTheNewestAndRemovesWhatCrashesLeft) {
  const auto third = take();
  const auto fourth = take();
  fs::remove(manifest_of(third));  // as a crash in the middle leaves it
  world.snapshots.prune(world.owner(), 2);
  EXPECT_THAT(world.snapshots.newest_first(world.owner()), ElementsAre(fourth, newer));
  EXPECT_THAT(objects_of(older), IsEmpty());
  EXPECT_THAT(objects_of(third), IsEmpty());
  EXPECT_EQ(fetch(), fourth);
  fs::remove(manifest_of(fourth));
  world.snapshots.prune(world.owner(), 1);
  EXPECT_FALSE(objects_of(fourth).empty()) << "newer than all that are complete: it may be on its way";
  EXPECT_EQ(fetch(), newer);
}

TEST_F(SnapshotsTest, TwoOwnersThatPutTheSameStateDoNotSpoilEachOther) {
  world.append_contract();
  world.executor.pass(seconds(2));
  for (const auto* name : {"first", "second"}) {
    const auto copy = world.directory.path() / name;
    store->checkpoint(copy);
    if (std::string(name) == "second") {
      auto opened = open_rocksdb_store(copy);  // other files, the same rows
    }
    world.snapshots.put(world.owner(), *point_in(*store), copy);
    EXPECT_EQ(fetch(), point_in(*store)->folded) << name;
  }
  EXPECT_THAT(world.snapshots.newest_first(world.owner()), SizeIs(3));
}

}  // namespace
}  // namespace virtscale
