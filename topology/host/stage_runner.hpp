// Runs the partitions of one stage that this process owns, on one thread.
#pragma once

#include <atomic>
#include <future>
#include <memory>
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
  bool ready = false;    ///< history is folded, effects run
  bool stopped = false;  ///< by an incident
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

/// Thread-safe.
template <Stage S>
class StageRunner {
 public:
  using State = typename S::State;

  /// Opens the stores of all partitions of the inbox. Throws StoreError.
  StageRunner(StagePorts ports, Pace pace) : ports_(std::move(ports)) {
    const auto name = graph::node_of(S::source).name;
    for (std::uint32_t p = 0; p < ports_.log.layout().partitions[static_cast<std::size_t>(S::inbox)]; ++p) {
      stores_.push_back(ports_.open_store(name, p));
      shells_.push_back(
          std::make_shared<Shell<S>>(p,
                                     ShellPorts{ports_.log, *stores_.back(), ports_.executor, ports_.disk, ports_.clock,
                                                ports_.effects, ports_.metrics.stage(name, p), ports_.ids,
                                                [on_incident = ports_.on_incident, name](const std::string& why) {
                                                  on_incident("stage " + std::string(name) + " stopped: " + why);
                                                }},
                                     pace));
    }
  }

  /// Loads the state and begins to fold. Returns when the state is loaded; throws what that throws.
  void start() {
    std::promise<void> loaded;
    ports_.executor.post([this, &loaded] {
      try {
        for (const auto& shell : shells_) shell->start();
        loaded.set_value();
      } catch (...) {
        loaded.set_exception(std::current_exception());
      }
    });
    loaded.get_future().get();
  }

  /// Stops every partition and writes its state; returns when that is done.
  void drain() {
    std::promise<void> drained;
    std::atomic<std::size_t> left = shells_.size();
    ports_.executor.post([&] {
      for (const auto& shell : shells_) {
        shell->drain([&] {
          if (--left == 0) drained.set_value();
        });
      }
    });
    drained.get_future().get();
  }

  /// Runs `look` on the stage's thread with the state of each partition in turn.
  void read_state(std::function<void(const State&)> look) {
    ports_.executor.post([this, look = std::move(look)] {
      for (const auto& shell : shells_) look(shell->state());
    });
  }

  /// Runs `visit` once on the stage's thread, with the states of all partitions.
  void read_states(std::function<void(std::span<const State* const>)> visit) {
    ports_.executor.post([this, visit = std::move(visit)] {
      std::vector<const State*> states;
      for (const auto& shell : shells_) states.push_back(&shell->state());
      visit(states);
    });
  }

  /// Calls `tell` on the stage's thread.
  void read_status(std::function<void(std::vector<PartitionStatus>)> tell) {
    ports_.executor.post([this, tell = std::move(tell)] {
      std::vector<PartitionStatus> all;
      for (const auto& shell : shells_) all.push_back(status_of(*shell));
      tell(std::move(all));
    });
  }

 private:
  PartitionStatus status_of(const Shell<S>& shell) const {
    const auto& partition = shell.partition();
    return {.stage = std::string(graph::node_of(S::source).name),
            .partition = partition.number(),
            .next_offset = partition.next_offset(),
            .end_offset = ports_.log.end({S::inbox, partition.number()}),
            .requests_pending = partition.books().pending_count(),
            .timers = partition.books().due_timers().size(),
            .ready = shell.ready(),
            .stopped = shell.stopped()};
  }

  StagePorts ports_;
  std::vector<std::unique_ptr<Store>> stores_;
  std::vector<std::shared_ptr<Shell<S>>> shells_;
};

}  // namespace virtscale
