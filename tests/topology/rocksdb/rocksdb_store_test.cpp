#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "topology/adapters/rocksdb/store.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using Rows = std::map<std::string, std::string>;

Rows rows_of(Store& store, std::string_view prefix = "") {
  Rows rows;
  std::string last;
  store.scan(prefix, [&](std::string_view key, Bytes value) {
    EXPECT_LT(last, key) << "ascending";
    last = key;
    rows.emplace(key, std::string(reinterpret_cast<const char*>(value.data()), value.size()));
  });
  return rows;
}

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const StoreError& error) {
    return error.what();
  }
  return "no StoreError";
}

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

// More rows than a commit has that goes by the write-ahead log.
constexpr int many = 6'000;

// Commits `many` rows, all with this value; every third is deleted first, and every seventh in the end.
void commit_many(Store& store, const std::string& value, const std::string& prefix = "row/") {
  std::vector<std::string> keys;
  for (int i = 0; i < many; ++i) keys.push_back(prefix + std::to_string(i));
  std::vector<StoreChange> changes;
  for (int i = 0; i < many; ++i) {
    const auto& key = keys[static_cast<std::size_t>(i)];
    if (i % 3 == 0) changes.push_back({key, std::nullopt});
    changes.push_back({key, value});
    if (i % 7 == 0) changes.push_back({key, std::nullopt});
  }
  store.commit(changes);
}

Rows many_rows(const std::string& value, const std::string& prefix = "row/") {
  Rows rows;
  for (int i = 0; i < many; ++i) {
    if (i % 7 != 0) rows.emplace(prefix + std::to_string(i), value);
  }
  return rows;
}

// `unused` is the new process's own directory, which nobody else would remove.
void commit_and_be_killed(const std::string& directory, const fs::path& unused) {
  fs::remove(unused);
  const auto store = open_rocksdb_store(directory);
  for (int i = 0; i < 100; ++i) store->commit({{"n", std::to_string(i)}, {"m", std::to_string(i)}});
  commit_many(*store, "1");
  store->commit({{"row/1", "2"}, {"row/2", std::nullopt}});
  kill(getpid(), SIGKILL);
}

// Many rows and one, by turns, each with the number of the turn; the last turn that was committed stands in a file.
void commit_by_turns_and_be_killed(const std::string& directory, const fs::path& unused,
                                   std::chrono::milliseconds after) {
  fs::remove(unused);
  std::thread([after] {
    std::this_thread::sleep_for(after);
    kill(getpid(), SIGKILL);
  }).detach();
  const auto store = open_rocksdb_store(directory);
  for (int turn = 1;; ++turn) {
    commit_many(*store, std::to_string(turn));
    store->commit({{"turn", std::to_string(turn)}});
    std::ofstream(directory + ".turn", std::ios::app) << turn << '\n';
  }
}

int last_number_in(const std::string& file) {
  std::ifstream numbers(file);
  int last = 0;
  for (int number; numbers >> number;) last = number;
  return last;
}

class RocksStoreTest : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return (root_.path() / name).string(); }

  const TemporaryDirectory root_;
};

TEST_F(RocksStoreTest, KeepsWhatWasCommittedWhenItIsOpenedAgain) {
  {
    const auto store = open_rocksdb_store(at("deep/er/store"));
    EXPECT_TRUE(rows_of(*store).empty());
    store->commit({{"a", "1"}, {"b", "2"}, {std::string("z\0z", 3), std::string("\0\xff", 2)}});
    store->commit({{"a", std::nullopt}, {"b", "3"}, {"never", std::nullopt}});
  }
  const auto store = open_rocksdb_store(at("deep/er/store"));
  EXPECT_EQ(rows_of(*store), (Rows{{"b", "3"}, {std::string("z\0z", 3), std::string("\0\xff", 2)}}));
}

TEST_F(RocksStoreTest, ScansOnlyThePrefixInOrderOfBytes) {
  const auto store = open_rocksdb_store(at("store"));
  store->commit({{"t/b", "2"}, {"t/a", "1"}, {"t", "0"}, {"u/a", "4"}, {"t/\xff", "3"}, {"t0", "x"}});
  EXPECT_EQ(rows_of(*store, "t/"), (Rows{{"t/a", "1"}, {"t/b", "2"}, {"t/\xff", "3"}}));
  EXPECT_TRUE(rows_of(*store, "v").empty());
}

TEST_F(RocksStoreTest, AppliesTheChangesOfACommitInTheirOrder) {
  const auto store = open_rocksdb_store(at("store"));
  store->commit({{"a", "1"}, {"a", std::nullopt}, {"b", std::nullopt}, {"b", "2"}});
  EXPECT_EQ(rows_of(*store), (Rows{{"b", "2"}}));
}

TEST_F(RocksStoreTest, TakesManyRowsAtOnceOverFewAndFewOverMany) {
  {
    const auto store = open_rocksdb_store(at("store"));
    store->commit({{"row/1", "few"}, {"row/7", "few"}, {"zebra", "few"}});
    commit_many(*store, "first");
    EXPECT_EQ(rows_of(*store, "row/"), many_rows("first"));
    store->commit({{"row/7", "few"}, {"row/8", std::nullopt}});
    commit_many(*store, "second");
    commit_many(*store, "third");
    store->commit({{"zebra", std::nullopt}});
    EXPECT_EQ(rows_of(*store), many_rows("third"));
  }
  EXPECT_EQ(rows_of(*open_rocksdb_store(at("store"))), many_rows("third"));
}

TEST_F(RocksStoreTest, SparesWhatACrashHasLeftOfManyRows) {
  const auto store = open_rocksdb_store(at("store"));
  commit_many(*store, "first");
  for (const auto& file : fs::directory_iterator(at("store"))) {
    if (file.path().extension() == ".sst") fs::create_hard_link(file.path(), at("store/incoming"));
  }
  ASSERT_TRUE(fs::exists(at("store/incoming")));
  store->commit({{"zebra", "few"}});
  commit_many(*store, "new", "other/");
  EXPECT_EQ(rows_of(*store, "row/"), many_rows("first"));
  EXPECT_EQ(rows_of(*store, "other/"), many_rows("new", "other/"));
}

TEST_F(RocksStoreTest, LosesNothingWhenItsProcessIsKilled) {
  // A new process, not a fork of this one: RocksDB's threads do not survive a fork. It finds the directory here.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  setenv("VIRTSCALE_KILLED_STORE", at("store").c_str(), 0);
  EXPECT_EXIT(commit_and_be_killed(getenv("VIRTSCALE_KILLED_STORE"), root_.path()), testing::KilledBySignal(SIGKILL),
              "");
  auto expected = many_rows("1");
  expected.insert({{"m", "99"}, {"n", "99"}});
  expected["row/1"] = "2";
  expected.erase("row/2");
  EXPECT_EQ(rows_of(*open_rocksdb_store(at("store"))), expected);
}

TEST_F(RocksStoreTest, HasWholeCommitsWheneverItsProcessIsKilled) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const int after_ms : {30, 60, 90, 120, 150}) {
    const auto name = "VIRTSCALE_STORE_KILLED_AFTER_" + std::to_string(after_ms);
    setenv(name.c_str(), at(std::to_string(after_ms)).c_str(), 0);
    const std::string directory = getenv(name.c_str());
    EXPECT_EXIT(commit_by_turns_and_be_killed(directory, root_.path(), std::chrono::milliseconds(after_ms)),
                testing::KilledBySignal(SIGKILL), "");
    const auto committed = last_number_in(directory + ".turn");
    auto rows = rows_of(*open_rocksdb_store(directory));
    const auto turn = rows.contains("turn") ? std::stoi(rows["turn"]) : 0;
    rows.erase("turn");
    EXPECT_GE(turn, committed);
    EXPECT_LE(turn, committed + 1);
    const bool is_one_ahead = rows == many_rows(std::to_string(turn + 1));
    EXPECT_TRUE(is_one_ahead || (turn == 0 ? rows.empty() : rows == many_rows(std::to_string(turn)))) << turn;
  }
}

TEST_F(RocksStoreTest, CopiesItselfAsAStoreThatOpens) {
  const auto store = open_rocksdb_store(at("store"));
  store->commit({{"a", "1"}});
  store->checkpoint(at("copies/first"));
  store->commit({{"a", "2"}});
  EXPECT_EQ(rows_of(*open_rocksdb_store(at("copies/first"))), (Rows{{"a", "1"}}));
  EXPECT_THAT(message_of([&] { store->checkpoint(at("copies/first")); }),
              AllOf(HasSubstr(at("copies/first")), HasSubstr("exists already")));
}

TEST_F(RocksStoreTest, RefusesASecondOwnerInTheProcess) {
  const auto store = open_rocksdb_store(at("store"));
  EXPECT_THAT(message_of([&] { open_rocksdb_store(at("store")); }),
              AllOf(HasSubstr(at("store")), HasSubstr("another process uses this directory")));
}

TEST_F(RocksStoreTest, RefusesADirectoryThatAnotherProcessHas) {
  { open_rocksdb_store(at("store")); }
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const auto child = fork();
  if (child == 0) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    const auto locked = fcntl(open(at("store/LOCK").c_str(), O_RDWR), F_SETLK, &whole) == 0;
    if (write(told[1], locked ? "y" : "n", 1) == 1) pause();
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(told[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_THAT(message_of([&] { open_rocksdb_store(at("store")); }),
              AllOf(HasSubstr(at("store")), HasSubstr("another process uses this directory")));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(told[0]);
  close(told[1]);
  EXPECT_TRUE(rows_of(*open_rocksdb_store(at("store"))).empty()) << "once it is gone, the directory is free";
}

TEST_F(RocksStoreTest, SaysWhatToDoWhenTheDirectoryCannotBeMade) {
  std::ofstream(at("file")) << "not a directory";
  EXPECT_THAT(message_of([&] { open_rocksdb_store(at("file/store")); }),
              AllOf(HasSubstr(at("file/store")), HasSubstr("choose another --data")));
}

TEST_F(RocksStoreTest, SaysWhatToDoWhenAFileIsDamaged) {
  { open_rocksdb_store(at("store"))->commit({{"a", "1"}}); }
  for (const auto& file : fs::directory_iterator(at("store"))) {
    if (file.path().filename().string().starts_with("MANIFEST")) {
      std::fstream(file.path(), std::ios::in | std::ios::out).seekp(10) << "damaged, for sure";
    }
  }
  EXPECT_THAT(message_of([&] { open_rocksdb_store(at("store")); }),
              AllOf(HasSubstr(at("store")), HasSubstr("move the directory away")));
}

TEST_F(RocksStoreTest, TakesLittleMemoryForFiveIdleStores) {
  const auto before = resident_kib();
  std::vector<std::unique_ptr<Store>> stores;
  for (int i = 0; i < 5; ++i) {
    stores.push_back(open_rocksdb_store(at("store" + std::to_string(i))));
    stores.back()->commit({{"a", "1"}});
  }
  EXPECT_LT(resident_kib() - before, 16u * 1024);
}

}  // namespace
}  // namespace virtscale
