// Runs the partitions of one stage that this process owns, on one thread.
//
// The one thing to know: partitions come and go while it runs. What a partition has begun in the world may still answer
// after it is gone; the answer stands in its inbox, for whoever owns it then.
#pragma once

#include <algorithm>
#include <future>
#include <memory>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "topology/host/shell.hpp"

namespace virtscale {

/// How far one partition is.
struct PartitionStatus {
  std::string stage;
  std::uint32_t partition = 0;
  std::uint64_t next_offset = 0;  ///< of the inbox
  std::uint64_t end_offset = 0;
  std::size_t requests_pending = 0;
  std::size_t timers = 0;
  std::uint32_t epoch = 0;         ///< whose rules it folds by
  std::uint32_t epoch_newest = 0;  ///< that this program has
  bool ready = false;              ///< history is folded, effects run
  bool stopped = false;            ///< by an incident
};

/// What a stage in a process works with. All outlive it.
struct StagePorts {
  Log& log;
  std::function<std::unique_ptr<Store>(std::string_view stage, std::uint32_t partition)> open_store;
  Executor& executor;
  Executor& disk;
  const Clock& clock;
  Effects* effects;
  Metrics& metrics;
  EdgeIds& ids;
  std::function<void(const std::string&)> on_incident;
};

/// Thread-safe, but for `own` and `disown`: they and `drain` are called one after another, and not on the stage's
/// thread.
template <Stage S>
class StageRunner {
 public:
  using State = typename S::State;

  /// How long a drain waits for the log before it leaves the rest to the next owner.
  static constexpr Duration drain_max = seconds(15);

  StageRunner(StagePorts ports, Pace pace) : ports_(std::move(ports)), pace_(pace) {}

  /// Opens the state of these partitions and begins to fold. Returns when the state is loaded. Throws StoreError and
  /// LogError; then none of them is owned.
  void own(const std::vector<std::uint32_t>& partitions) {
    std::vector<Owned> opened;
    for (const auto p : partitions) opened.push_back(open(p));
    std::promise<void> loaded;
    ports_.executor.post([&] {
      try {
        for (const auto& one : opened) one.shell->start();
        for (auto& one : opened) owned_.push_back(std::move(one));
        loaded.set_value();
      } catch (...) {
        loaded.set_exception(std::current_exception());
      }
    });
    loaded.get_future().get();
  }

  /// Owns every partition of the inbox, as the only process does.
  void start() {
    std::vector<std::uint32_t> all(ports_.log.layout().partitions[static_cast<std::size_t>(S::inbox)]);
    std::iota(all.begin(), all.end(), 0U);
    own(all);
  }

  /// Stops these partitions, writes their state and closes it; returns when that is done. Waits for the log for
  /// `within` at most: 0 for one that has failed.
  void disown(const std::vector<std::uint32_t>& partitions, Duration within = drain_max) {
    const auto gone = drain_those([&](std::uint32_t p) { return std::ranges::count(partitions, p) > 0; }, within);
    std::promise<void> dropped;
    ports_.executor.post([&] {
      std::erase_if(owned_, [&](const Owned& one) { return gone.contains(one.shell); });
      dropped.set_value();
    });
    dropped.get_future().get();
  }

  /// Stops every partition and writes its state; returns when that is done. It can still be read.
  void drain() {
    drain_those([](std::uint32_t) { return true; }, drain_max);
  }

  /// Calls `use` on the disk's executor for each partition that folds, with its store, between two of its commits: to
  /// copy it, say. Commits wait for it; folding does not. It must not throw.
  void use_stores(std::function<void(std::uint32_t partition, Store& store)> use) {
    ports_.executor.post([this, use = std::move(use)] {
      for (const auto& one : owned_) {
        const auto partition = one.shell->partition().number();
        one.shell->use_store([use, partition](Store& store) { use(partition, store); });
      }
    });
  }

  /// Runs `look` on the stage's thread with the state of each partition in turn.
  void read_state(std::function<void(const State&)> look) {
    ports_.executor.post([this, look = std::move(look)] {
      for (const auto& one : owned_) look(one.shell->state());
    });
  }

  /// Runs `visit` once on the stage's thread, with the states of all partitions.
  void read_states(std::function<void(std::span<const State* const>)> visit) {
    ports_.executor.post([this, visit = std::move(visit)] {
      std::vector<const State*> states;
      for (const auto& one : owned_) states.push_back(&one.shell->state());
      visit(states);
    });
  }

  /// Calls `tell` on the stage's thread.
  void read_status(std::function<void(std::vector<PartitionStatus>)> tell) {
    ports_.executor.post([this, tell = std::move(tell)] {
      std::vector<PartitionStatus> all;
      for (const auto& one : owned_) all.push_back(status_of(*one.shell));
      tell(std::move(all));
    });
  }

 private:
  // The shell's writer may still use the store, so the store goes last.
  struct Owned {
    std::unique_ptr<Store> store;
    std::shared_ptr<Shell<S>> shell;
  };
  using Shells = std::set<std::shared_ptr<Shell<S>>>;

  Owned open(std::uint32_t p) {
    const auto name = graph::node_of(S::source).name;
    Owned opened{ports_.open_store(name, p), nullptr};
    opened.shell =
        std::make_shared<Shell<S>>(p,
                                   ShellPorts{ports_.log, *opened.store, ports_.executor, ports_.disk, ports_.clock,
                                              ports_.effects, ports_.metrics.stage(name, p), arena_, ports_.ids,
                                              [on_incident = ports_.on_incident, name](const std::string& why) {
                                                on_incident("stage " + std::string(name) + " stopped: " + why);
                                              }},
                                   pace_);
    return opened;
  }

  Shells drain_those(const std::function<bool(std::uint32_t)>& those, Duration within) {
    std::promise<void> drained;
    Shells draining;
    std::size_t left = 0;
    ports_.executor.post([&] {
      for (const auto& one : owned_) {
        if (those(one.shell->partition().number())) draining.insert(one.shell);
      }
      // Once the last is drained, which may be at once, the caller's set is gone.
      const auto all = draining;
      left = all.size();
      if (left == 0) return drained.set_value();
      for (const auto& shell : all) {
        shell->drain(within, [&] {
          if (--left == 0) drained.set_value();
        });
      }
    });
    drained.get_future().get();
    return draining;
  }

  PartitionStatus status_of(const Shell<S>& shell) const {
    const auto& partition = shell.partition();
    return {.stage = std::string(graph::node_of(S::source).name),
            .partition = partition.number(),
            .next_offset = partition.next_offset(),
            .end_offset = ports_.log.end({S::inbox, partition.number()}),
            .requests_pending = partition.books().pending_count(),
            .timers = partition.books().due_timers().size(),
            .epoch = partition.books().progress().epoch,
            .epoch_newest = S::epoch,
            .ready = shell.ready(),
            .stopped = shell.stopped()};
  }

  StagePorts ports_;
  Pace pace_;
  Arena arena_;  // on the executor only, as all that follows
  std::vector<Owned> owned_;
};

}  // namespace virtscale
