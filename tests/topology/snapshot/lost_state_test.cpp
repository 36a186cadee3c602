// A state that is lost and begun anew from a snapshot is the state that was never lost, and says the same, to the byte.
#include <gmock/gmock.h>

#include <future>
#include <random>
#include <thread>

#include "tests/topology/snapshot/world.hpp"
#include "topology/adapters/asio/executor.hpp"
#include "topology/adapters/segment/segment_log.hpp"
#include "topology/host/stage_runner.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;

// The whole log folded from its beginning: what any owner must come to.
struct Reference {
  explicit Reference(Log& log) {
    Partition<test::SmallFold> partition{0, log.layout()};
    Arena arena;
    log.read({Topic::signals, 0}, 0, 100'000, [&](const LogRecord& record) {
      arena.clear();
      for (const auto& event : partition.fold_one(record, arena).emitted) {
        if (event.to.topic != Topic::outcomes) continue;
        const auto* bytes = reinterpret_cast<const char*>(event.value.data());
        emitted.emplace(emitted.size() + 1, std::string(bytes, event.value.size()));
      }
      return true;
    });
    for (const auto* table : partition.tables()) {
      table->each_encoded("", [&](std::string_view key, Bytes value) {
        rows.emplace(std::string(table->name()) + "/" + std::string(key),
                     std::string(reinterpret_cast<const char*>(value.data()), value.size()));
        return true;
      });
    }
  }
  std::map<std::uint64_t, std::string> emitted;  // by lane number
  test::Rows rows;
};

// An owner that lives through some of a random history, with snapshots now and then.
class RandomHistory {
 public:
  explicit RandomHistory(std::uint32_t seed) : random_(seed) {}

  void live(std::uint32_t steps) {
    auto store = world.stores().open("policy", 0);
    const auto shell = world.run_over(*store);
    for (std::uint32_t i = 0; i < steps; ++i) step(*shell);
    world.executor.run();
    uploads_.run();
    // Either it says goodbye, or it is gone with what it had not written.
    if (draw(2) == 0) world.drain(*shell);
  }
  void finish() {
    auto store = world.stores().open("policy", 0);
    const auto shell = world.run_over(*store);
    for (int i = 0; i < 10; ++i) step(*shell);
    world.executor.pass(seconds(5));
    world.drain(*shell);
    rows = test::rows_of(*store);
  }

  test::SnapshotWorld world;
  std::vector<std::uint64_t> taken;
  test::Rows rows;

 private:
  std::uint32_t draw(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }

  void step(test::SnapshotWorld::TestShell& shell) {
    switch (draw(8)) {
      case 0:
        return shell.use_store([this](Store& of) { taker_.take(0, of); });
      case 1:
        return uploads_.run();
      case 2:
      case 3:
        return world.executor.pass(milliseconds(draw(1'500)));
      case 4:
        return world.append(std::vector<std::byte>(draw(50)));  // no event: to the dead letters
      case 5: {
        ++lane_;
        const HeaderFields fields{.id = {lane_, 0, 0, Source::signal}, .lane = lane_, .previous = lane_hash_};
        const auto event = test::event_of(test::cleared("a"), fields);
        lane_hash_ = schema::verify_event(event)->header()->hash();
        return world.append(event);
      }
      default:
        return world.append_contract();
    }
  }

  std::mt19937 random_;
  std::uint64_t lane_ = 0;
  std::uint64_t lane_hash_ = 0;
  test::SteppedExecutor uploads_{world.clock};
  SnapshotTaker taker_{{.snapshots = world.snapshots,
                        .uploads = uploads_,
                        .scratch = world.directory.path() / "scratch",
                        .on_taken = [this](const SnapshotManifest& made) { taken.push_back(made.at.folded); },
                        .tell = [](const std::string&) {}},
                       world.owner()};
};

TEST(LostState, BegunAnewFromASnapshotIsTheStateThatWasNeverLost) {
  std::size_t fetches = 0;
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    RandomHistory history(seed);
    for (int life = 0; life < 3; ++life) {
      history.live(40);
      fs::remove_all(history.world.state());
    }
    const auto newest = history.taken;
    history.finish();
    const Reference reference(history.world.log);
    EXPECT_EQ(history.rows, reference.rows) << "seed " << seed;
    EXPECT_EQ(history.world.emitted(), reference.emitted) << "seed " << seed;
    fetches += history.world.fetched.size();
    if (newest.empty()) continue;
    EXPECT_EQ(history.world.fetched.back(), newest.back()) << "seed " << seed;
  }
  EXPECT_GT(fetches, 10u) << "otherwise little was shown";
}

// One process: its threads, and the runner of all partitions, over a log and a state on disk.
struct Process {
  Process(Log& log, Snapshots& snapshots, const fs::path& data, std::function<void(std::uint64_t)> fetched)
      : stores({.state = data / "state",
                .open = open_rocksdb_store,
                .log = log,
                .log_identity = "log-1",
                .epoch = test::SmallFold::epoch,
                .snapshots = &snapshots,
                .on_fetched = [fetched](const SnapshotManifest& made) { fetched(made.at.folded); }}),
        runner({.log = log,
                .open_store = [this](std::string_view name, std::uint32_t p) { return stores.open(name, p); },
                .executor = *stage,
                .disk = *disk,
                .clock = *clock,
                .effects = &effects,
                .metrics = *metrics,
                .ids = ids,
                .on_incident = [](const std::string& why) { ADD_FAILURE() << why; }},
               Pace{.commit_every = milliseconds(10)}) {
    runner.start();
  }
  ~Process() {
    runner.drain();
    for (auto* thread : {stage.get(), disk.get()}) thread->stop();
  }

  std::unique_ptr<Clock> clock = make_system_clock();
  std::unique_ptr<ExecutorThread> stage = make_executor();
  std::unique_ptr<ExecutorThread> disk = make_executor();
  test::PromptEffects effects;
  std::unique_ptr<Metrics> metrics = make_metrics();
  EdgeIds ids{static_cast<std::uint64_t>(clock->now().us)};
  PartitionStores stores;
  StageRunner<test::SmallFold> runner;
};

// Waits until it is so; true if it was within 10 s.
bool comes_true(const std::function<bool()>& is_so) {
  for (int i = 0; i < 1'000; ++i) {
    if (is_so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

TEST(LostState, IsFetchedByTheNextProcessOverTheEmbeddedLog) {
  const TemporaryDirectory directory;
  const auto clock = make_system_clock();
  const auto opened = open_segment_log({.directory = directory.path() / "log", .clock = clock.get()});
  auto& log = *opened.log;
  const TopicPartition inbox{Topic::signals, 0};
  EdgeIds ids{77};
  const auto append = [&](int contracts) {
    for (int i = 0; i < contracts; ++i) {
      const auto event = test::event_of(test::contract(), {.id = ids.next()});
      const LogAppend record{inbox, "acme", event};
      log.append({&record, 1});
    }
    // A contract makes two more records in time: the answer of its mail, and its timer.
    return comes_true([&] { return log.committed(inbox).value_or(0) + 1 == log.end(inbox); });
  };
  const auto archive = make_directory_archive(directory.path() / "archive");
  const auto fail = [](const std::string& why) { ADD_FAILURE() << why; };
  Snapshots snapshots(*archive, open_rocksdb_store, fail);
  const auto uploads = make_executor();
  std::promise<std::uint64_t> taken;
  SnapshotTaker taker({.snapshots = snapshots,
                       .uploads = *uploads,
                       .scratch = directory.path() / "scratch",
                       .on_taken = [&](const SnapshotManifest& made) { taken.set_value(made.at.folded); },
                       .tell = fail},
                      {"log-1", log.layout(), "policy", 0});
  std::uint64_t snapshot = 0;
  {
    Process first(log, snapshots, directory.path(), [](std::uint64_t) { FAIL() << "there is none yet"; });
    ASSERT_TRUE(append(200));
    first.runner.use_stores([&](std::uint32_t partition, Store& store) { taker.take(partition, store); });
    snapshot = taken.get_future().get();
    ASSERT_TRUE(append(100));
  }
  fs::remove_all(directory.path() / "state");
  std::uint64_t fetched = 0;
  {
    Process second(log, snapshots, directory.path(), [&](std::uint64_t folded) { fetched = folded; });
    ASSERT_TRUE(append(50));
  }
  EXPECT_EQ(fetched, snapshot);
  const Reference reference(log);
  EXPECT_EQ(test::rows_of(*open_rocksdb_store(directory.path() / "state" / "policy-0")), reference.rows);
  std::map<std::uint64_t, std::string> emitted;
  log.read({Topic::outcomes, 0}, 0, 100'000, [&](const LogRecord& record) {
    emitted.emplace(emitted.size() + 1,
                    std::string(reinterpret_cast<const char*>(record.value.data()), record.value.size()));
    return true;
  });
  EXPECT_EQ(emitted, reference.emitted) << "nothing is missing, and both stopped in peace: nothing came twice";
}

}  // namespace
}  // namespace virtscale
