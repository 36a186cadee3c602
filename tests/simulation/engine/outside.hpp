// What the engine of the simulation asks of those who play the outside, the callers and the judges; and what it gives
// them.
//
// The one thing to know: the engine knows logs, processes and time; it knows no domain, no alert and no envelope.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stages/audit/state.hpp"
#include "stages/dataplane/state.hpp"
#include "stages/orchestration/state.hpp"
#include "stages/policy/state.hpp"
#include "stages/signal/state.hpp"
#include "tests/simulation/engine/faults.hpp"
#include "tests/simulation/engine/plan.hpp"
#include "tests/simulation/engine/story.hpp"
#include "tests/simulation/engine/virtual_time.hpp"
#include "topology/host/partition.hpp"
#include "topology/host/stage_runner.hpp"
#include "topology/ports/edge.hpp"
#include "topology/ports/effects.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale::simulation {

/// A record that is durable.
struct Recorded {
  TopicPartition from;
  std::uint64_t offset = 0;
  Instant timestamp;
  std::string key;
  std::vector<std::byte> value;
  const schema::Event* event = nullptr;  ///< of `value`; null if it is none
  bool foreign = false;                  ///< garbage: it must go to `deadletters`
  bool copy = false;                     ///< its lane number was in this partition before, with the same bytes

  LogRecord as_read() const { return {from, offset, timestamp, key, value, 0}; }
};

/// The log as it is, and the states that follow from it.
///
/// The states are those of shadows: each folds every durable record of its inbox at the moment at which it becomes
/// durable, and never runs an effect. The owners' own states lag behind or run ahead; the engine compares them, and
/// what owners append, with the shadows. So a shadow passes through every state that an owner can be in.
class View {
 public:
  virtual ~View() = default;
  virtual const LogLayout& layout() const = 0;
  /// All durable records, in order. Older ones never change.
  virtual const std::deque<Recorded>& records(TopicPartition of) const = 0;
  virtual const signal::State& signal(std::uint32_t partition) const = 0;
  virtual const policy::State& policy(std::uint32_t partition) const = 0;
  virtual const orchestration::State& orchestration(std::uint32_t partition) const = 0;
  virtual const dataplane::State& dataplane(std::uint32_t partition) const = 0;
  virtual const audit::State& audit(std::uint32_t partition) const = 0;
};

/// One life of a process that plays one stage or all, as the outside sees it. All of it stays valid until the run ends;
/// after the life's end the executor drops what it is given.
struct Life {
  std::string process;  ///< such as `policy-1`
  Executor& executor;   ///< one thread
  const Clock& clock;   ///< the process's own, which may be wrong
  EdgeLog& edge;        ///< appends as this process
  std::function<void(std::function<void(const orchestration::State&)>)> read_orchestration;
  std::function<void(std::function<void(std::vector<PartitionStatus>)>)> orchestration_status;
  std::function<void(std::function<void(const dataplane::State&)>)> read_dataplane;
  std::function<void(std::function<void(std::span<const signal::State* const>)>)> read_signal;
};

/// The drivers of one life. Callbacks come through the life's executor.
class Drivers {
 public:
  virtual ~Drivers() = default;
  virtual Domains& domains() = 0;
  virtual Probe& probe() = 0;
  virtual LoadBalancer& balancer() = 0;
  virtual Mail& mail() = 0;
  virtual const Signer& signer() = 0;
  /// Begins what comes in by itself in a process of this stage: schedules, the sweep of orphans, the watch of the
  /// balancer. Called once, after the first partition was given; in an embedded run for each stage.
  virtual void start_edges(Source stage) = 0;
  /// Partitions have come or gone: what the edges know from states is learned again.
  virtual void learn(Source stage) = 0;
};

/// Whom the workload may append through.
class Doors {
 public:
  virtual ~Doors() = default;
  /// The edge of a living process of the signal stage, chosen by `dice`; null if there is none. It is valid until the
  /// run ends; once its process has died, it takes what it is given and never answers.
  virtual EdgeLog* signal_edge(Dice& dice) = 0;
  /// A producer outside of all processes, such as one of alerts over Kafka; it never dies. Null in an embedded run.
  virtual EdgeLog* producer() = 0;
};

/// What the whole outside works with. All outlive it.
struct Stageplay {
  const Plan& plan;
  Shape shape;
  VirtualTime& time;
  Faults& faults;
  Story& story;
  View& view;
  Doors& doors;
  Duration active;  ///< faults and new work come this long; then all must settle
};

/// The world, the workload and their checks, as one run sees them.
class Outside {
 public:
  virtual ~Outside() = default;
  /// Begins the workload.
  virtual void begin() = 0;
  /// The drivers of a new life of a process.
  virtual std::unique_ptr<Drivers> drivers(const Life& life) = 0;
  /// Called once for each durable record, after the shadow of its partition has folded it (`step` is what that did;
  /// null for topics that no stage reads). Reports to `Story::violated`.
  virtual void after_record(const Recorded& record, const Step* step) = 0;
  /// Faults have stopped: no new work; what is broken in the world heals by itself from now on.
  virtual void end() = 0;
  /// Empty once everything that was asked has come to its end; otherwise what is still awaited, for a person.
  virtual std::string awaits() const = 0;
  /// Once all is settled: the checks of the end. Reports to `Story::violated`.
  virtual void judge() = 0;
  /// Empty, or why the run did too little to say anything.
  virtual std::string vacuous() const = 0;
  /// Workload actions done, for the shrinker.
  virtual std::uint32_t actions() const = 0;
};

/// Made by whoever plays the outside (tests/simulation/world).
std::unique_ptr<Outside> make_outside(const Stageplay& play);

}  // namespace virtscale::simulation
