// Partitions that come and go under a running stage.
#include "topology/host/stage_runner.hpp"

#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "tests/topology/host/small_stage.hpp"
#include "topology/adapters/asio/executor.hpp"
#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/adapters/memory/memory_log.hpp"
#include "topology/adapters/memory/memory_store.hpp"

namespace virtscale {
namespace {

using test::event_of;
using testing::ElementsAre;
using testing::IsEmpty;

class NoMetrics final : public Metrics, public StageMetrics {
 public:
  StageMetrics& stage(std::string_view, std::uint32_t) override { return *this; }
  void usages(std::span<const OrgUsage>) override {}
  void line_written(const LineWritten&) override {}
  std::string render() const override { return {}; }
  void batch_folded(std::size_t, Duration) override {}
  void lag(std::uint64_t) override {}
  void effect_started() override {}
  void effect_ended(EffectEnd) override {}
  void effects_retried(std::uint32_t) override {}
  void dead_lettered(std::size_t) override {}
  void duplicates_dropped(std::size_t) override {}
};

// A store that outlives who opened it, as a directory does.
class SharedStore final : public Store {
 public:
  explicit SharedStore(std::shared_ptr<MemoryStore> store) : store_(std::move(store)) {}
  void scan(std::string_view prefix, const std::function<void(std::string_view, Bytes)>& visit) override {
    store_->scan(prefix, visit);
  }
  void commit(const std::vector<StoreChange>& changes) override { store_->commit(changes); }
  void checkpoint(const std::string& directory) override { store_->checkpoint(directory); }

 private:
  std::shared_ptr<MemoryStore> store_;
};

class StageRunnerTest : public testing::Test {
 protected:
  StageRunnerTest() {
    layout.partitions[static_cast<std::size_t>(Topic::signals)] = 3;
    clock.set({1'000'000'000});
  }
  ~StageRunnerTest() override {
    thread->stop();
    disk->stop();
  }

  StageRunner<test::SmallFold> runner() {
    return {StagePorts{.log = log,
                       .open_store =
                           [this](std::string_view, std::uint32_t p) {
                             auto& store = stores[p];
                             if (!store) store = std::make_shared<MemoryStore>();
                             return std::make_unique<SharedStore>(store);
                           },
                       .executor = *thread,
                       .disk = *disk,
                       .clock = clock,
                       .effects = nullptr,
                       .metrics = metrics,
                       .ids = ids,
                       .on_incident = [](const std::string& why) { ADD_FAILURE() << why; }},
            Pace{.commit_every = milliseconds(5)}};
  }

  void append(std::uint32_t partition) {
    const auto org = org_of(partition);
    const auto event = event_of(test::contract(), {.id = ids.next()}, org);
    const LogAppend record{{Topic::signals, partition}, org, event};
    log.append({&record, 1});
  }
  // An org whose key belongs to the partition.
  std::string org_of(std::uint32_t partition) const {
    for (int n = 0;; ++n) {
      auto org = "org-" + std::to_string(n);
      if (partition_of(org, 3) == partition) return org;
    }
  }
  std::vector<std::uint32_t> owned(StageRunner<test::SmallFold>& runner) {
    std::promise<std::vector<std::uint32_t>> told;
    runner.read_status([&](const std::vector<PartitionStatus>& all) {
      std::vector<std::uint32_t> numbers;
      for (const auto& one : all) numbers.push_back(one.partition);
      told.set_value(numbers);
    });
    return told.get_future().get();
  }
  std::size_t emitted() { return log.end({Topic::outcomes, 0}); }
  bool soon(const std::function<bool()>& happens) {
    for (int n = 0; n < 5'000; ++n) {
      if (happens()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  LogLayout layout;
  ManualClock clock;
  MemoryLog log{[] {
                  LogLayout three;
                  three.partitions[static_cast<std::size_t>(Topic::signals)] = 3;
                  return three;
                }(),
                clock};
  std::map<std::uint32_t, std::shared_ptr<MemoryStore>> stores;
  std::unique_ptr<ExecutorThread> thread = make_executor();
  std::unique_ptr<ExecutorThread> disk = make_executor();
  NoMetrics metrics;
  EdgeIds ids{7};
};

TEST_F(StageRunnerTest, FoldsThePartitionsThatItOwnsAndNoOthers) {
  auto one = runner();
  EXPECT_THAT(owned(one), IsEmpty());
  for (std::uint32_t p = 0; p < 3; ++p) append(p);
  one.own({0, 2});
  EXPECT_THAT(owned(one), ElementsAre(0, 2));
  EXPECT_TRUE(soon([&] { return emitted() == 2; }));
  one.own({1});
  EXPECT_TRUE(soon([&] { return emitted() == 3; }));
  one.drain();
}

TEST_F(StageRunnerTest, AfterADisownAnotherGoesOnFromTheStateThatWasWritten) {
  auto one = runner();
  auto other = runner();
  one.own({0, 1, 2});
  for (int n = 0; n < 10; ++n) append(1);
  EXPECT_TRUE(soon([&] { return emitted() == 10; }));
  one.disown({1});
  EXPECT_THAT(owned(one), ElementsAre(0, 2));
  append(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(emitted(), 10U) << "nobody owns it";
  other.own({1});
  EXPECT_TRUE(soon([&] { return emitted() >= 11; }));
  EXPECT_EQ(emitted(), 11U) << "what was folded before is not emitted again";
  append(0);
  EXPECT_TRUE(soon([&] { return emitted() == 12; })) << "the others went on";
  one.disown({0, 2});
  other.disown({1});
  EXPECT_THAT(owned(other), IsEmpty());
}

TEST_F(StageRunnerTest, OwnsAPartitionAgainThatItGaveAway) {
  auto one = runner();
  for (int round = 0; round < 5; ++round) {
    one.own({2});
    append(2);
    EXPECT_TRUE(soon([&] { return emitted() == static_cast<std::size_t>(round) + 1; }));
    one.disown({2});
  }
  EXPECT_EQ(emitted(), 5U);
}

TEST_F(StageRunnerTest, WhatCannotBeOpenedIsNotOwned) {
  auto ports_fail = runner();
  stores[1] = std::make_shared<MemoryStore>();
  stores[1]->commit({{"host_progress/", std::string("not a row")}});
  EXPECT_THROW(ports_fail.own({1}), StoreError);
  EXPECT_THAT(owned(ports_fail), IsEmpty());
}

}  // namespace
}  // namespace virtscale
