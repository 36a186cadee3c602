// A stage of a few lines over a log in memory, with its state on a real disk and its snapshots in a real archive.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/topology/host/small_stage.hpp"
#include "tests/topology/host/stepped_executor.hpp"
#include "topology/adapters/directory/archive.hpp"
#include "topology/adapters/memory/memory_log.hpp"
#include "topology/adapters/metrics/metrics.hpp"
#include "topology/adapters/rocksdb/store.hpp"
#include "topology/host/shell.hpp"
#include "topology/host/snapshot/partition_stores.hpp"
#include "topology/host/snapshot/snapshots.hpp"
#include "topology/host/snapshot/taker.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::test {

using Rows = std::map<std::string, std::string>;

/// All rows of a store.
inline Rows rows_of(Store& store) {
  Rows rows;
  store.scan("", [&](std::string_view key, Bytes value) {
    rows.emplace(key, std::string(reinterpret_cast<const char*>(value.data()), value.size()));
  });
  return rows;
}

/// Answers every mail at once.
class PromptEffects final : public Effects {
 public:
  void perform(std::shared_ptr<const EffectRequest>, Answer answer) override {
    answer(encode(schema::MailSentT{}, ""));
  }
};

/// Partition 0 of policy, without threads.
class SnapshotWorld {
 public:
  using TestShell = Shell<SmallFold>;
  static constexpr TopicPartition inbox{Topic::signals, 0};

  SnapshotOwner owner() const { return {"log-1", log.layout(), "policy", 0}; }
  SnapshotNeed need() const { return {owner(), SmallFold::epoch, log.end(inbox)}; }
  std::filesystem::path state() const { return directory.path() / "state"; }

  PartitionStores stores(std::uint32_t epoch = SmallFold::epoch) {
    return PartitionStores({.state = state(),
                            .open = open_rocksdb_store,
                            .log = log,
                            .log_identity = "log-1",
                            .epoch = epoch,
                            .snapshots = &snapshots,
                            .on_fetched = [this](const SnapshotManifest& m) { fetched.push_back(m.at.folded); }});
  }

  /// A running owner of the partition over `of`.
  std::shared_ptr<TestShell> run_over(Store& of) {
    auto shell = std::make_shared<TestShell>(
        0,
        ShellPorts{log, of, executor, executor, clock, &effects, metrics->stage("policy", 0), arena, ids,
                   [this](const std::string& why) { told.push_back(why); }},
        Pace{});
    shell->start();
    executor.run();
    return shell;
  }
  void drain(TestShell& shell) {
    shell.drain(seconds(1), [] {});
    executor.run();
  }

  void append(const std::vector<std::byte>& event) {
    const LogAppend record{inbox, "acme", event};
    log.append({&record, 1});
    executor.run();
  }
  void append_contract() { append(event_of(contract(), {.id = ids.next()})); }

  /// Every event that was emitted, by its lane number; copies must be the same bytes.
  std::map<std::uint64_t, std::string> emitted() {
    std::map<std::uint64_t, std::string> events;
    log.read({Topic::outcomes, 0}, 0, 100'000, [&](const LogRecord& record) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(record.value.data());
      const std::string event(reinterpret_cast<const char*>(bytes), record.value.size());
      const auto [at, added] = events.try_emplace(schema::GetEvent(bytes)->header()->lane(), event);
      EXPECT_EQ(at->second, event) << (added ? "" : "a copy with other bytes");
      return true;
    });
    return events;
  }

  TemporaryDirectory directory;
  ManualClock clock{{1'000'000'000}};
  MemoryLog log{LogLayout{}, clock};
  SteppedExecutor executor{clock};
  PromptEffects effects;
  std::unique_ptr<Metrics> metrics = make_metrics();
  Arena arena;
  EdgeIds ids{7};
  std::vector<std::string> told;
  std::vector<std::uint64_t> fetched;
  std::unique_ptr<Archive> archive = make_directory_archive(directory.path() / "archive");
  Snapshots snapshots{*archive, open_rocksdb_store, [this](const std::string& why) { told.push_back(why); }};
};

}  // namespace virtscale::test
