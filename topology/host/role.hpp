// The role: one stage as a process plays it, with its effects, its edges and its routes.
//
// The one thing to know: a role is the same whether it has a process to itself or shares one with the other four. What
// differs, the log and who owns which partition, it is told.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "topology/host/stage_runner.hpp"
#include "topology/ports/authorizer.hpp"
#include "topology/ports/edge.hpp"
#include "topology/ports/http.hpp"

namespace virtscale {

/// What a role works with. All outlive it.
struct RoleParts {
  StagePorts stage;  ///< `effects` is the role's own to fill
  Pace pace;
  EdgeLog& edge;
  Executor& edges;     ///< the thread of the edges: time-outs, schedules
  Executor& blocking;  ///< for what may block a while: not the stage's thread, not the edges'
  const Authorizer& authorizer;
};

/// Called by one thread: the one that starts and stops the process, or the membership's.
class Role {
 public:
  virtual ~Role() = default;

  /// `StageRunner`'s, of this stage.
  virtual void start() = 0;
  virtual void own(const std::vector<std::uint32_t>& partitions) = 0;
  virtual void disown(const std::vector<std::uint32_t>& partitions, Duration within) = 0;
  virtual void drain() = 0;
  virtual void read_status(std::function<void(std::vector<PartitionStatus>)> tell) = 0;
  virtual void use_stores(std::function<void(std::uint32_t partition, Store& store)> use) = 0;

  /// Begins what comes from the outside by itself, such as schedules. May be called before anything is owned.
  virtual void start_edges() {}
  /// Ends it; before `drain`.
  virtual void stop_edges() {}
  /// Which partitions are owned has changed: what the edges know from the states is learned again.
  virtual void learn() {}
  /// What this stage serves; answers 404 to all else. Called once, and lives as long as the role.
  virtual HttpHandler routes() = 0;
};

/// The part of a role that is the same for all stages.
template <Stage S>
class RunnerRole : public Role {
 public:
  using State = typename S::State;

  RunnerRole(RoleParts parts, std::unique_ptr<Effects> effects)
      : parts_(std::move(parts)), effects_(std::move(effects)), runner_(with_effects(), parts_.pace) {}

  void start() final { runner_.start(); }
  void own(const std::vector<std::uint32_t>& partitions) final { runner_.own(partitions); }
  void disown(const std::vector<std::uint32_t>& partitions, Duration within) final {
    runner_.disown(partitions, within);
  }
  void drain() final { runner_.drain(); }
  void read_status(std::function<void(std::vector<PartitionStatus>)> tell) final {
    runner_.read_status(std::move(tell));
  }
  void use_stores(std::function<void(std::uint32_t, Store&)> use) final { runner_.use_stores(std::move(use)); }

 protected:
  RoleParts parts_;
  std::unique_ptr<Effects> effects_;
  StageRunner<S> runner_;

 private:
  StagePorts with_effects() const {
    auto ports = parts_.stage;
    ports.effects = effects_.get();
    return ports;
  }
};

}  // namespace virtscale
