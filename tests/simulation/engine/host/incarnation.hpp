// One life of a process: its threads, its clock, its client of the log, its drivers, and the shells that it runs.
//
// The one thing to know: it is kept until the run ends, dead or alive, since answers from the world and records on the
// wire may still be on their way to it.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>

#include "tests/simulation/engine/host/disk.hpp"
#include "tests/simulation/engine/host/hosted.hpp"
#include "tests/simulation/engine/host/shadows.hpp"
#include "tests/simulation/engine/host/thread.hpp"
#include "tests/simulation/engine/log/process_log.hpp"
#include "topology/host/log_edge.hpp"

namespace virtscale::simulation {

/// The disks of a machine, by inbox partition.
using Disks = std::map<TopicPartition, std::unique_ptr<Disk>>;
/// What a new life of a process opens: its client of the log, whose clock is the process's.
using OpenLog = std::function<std::unique_ptr<ProcessLog>(const Clock& clock, Dice dice)>;

/// What a life works with. All outlive it.
struct Surroundings {
  VirtualTime& time;
  Faults& faults;
  Story& story;
  Shadows& shadows;
  const std::unique_ptr<Outside>& outside;  ///< made before the first life
};

class Incarnation {
 public:
  /// `failed` is called when the process must be started again, since its log has failed.
  Incarnation(Surroundings around, std::string process, Dice dice, Disks& disks, const OpenLog& open_log,
              std::function<void()> failed);
  ~Incarnation();

  /// Opens the state of this partition and begins to fold. REQUIRES: it does not host it.
  void own(TopicPartition inbox);
  /// Writes the state and lets go; `done` is called then. Twice is once.
  void disown(TopicPartition inbox, std::function<void()> done);
  bool hosts(TopicPartition inbox) const { return hosted_.contains(inbox); }
  std::size_t hosts_count() const { return hosted_.size(); }
  /// Null if it is not hosted.
  const Hosted* hosted(TopicPartition inbox) const;

  void pause();
  void resume();
  void kill();
  bool alive() const { return !dead_; }
  bool paused() const { return paused_; }

  ProcessLog& log() { return *log_; }
  EdgeLog& edge() { return *edge_; }
  SkewedClock& clock() { return clock_; }

 private:
  struct One {
    std::unique_ptr<Hosted> hosted;
    bool leaving = false;
    std::vector<std::function<void()>> when_gone;
  };
  /// A stage within this process: its thread, and its effects behind the check of when they may run.
  struct Played {
    std::unique_ptr<Thread> thread;
    std::unique_ptr<Effects> effects;
    std::unique_ptr<Effects> checked;  // null for a stage without effects
  };
  class DiskThread;

  Played& played(Source stage);
  std::unique_ptr<Effects> make_effects(Source stage, Executor& executor);
  ShellPorts ports_for(TopicPartition inbox, Played& by);
  void gone(TopicPartition inbox);
  void incident(const std::string& why);
  Life life();
  template <Stage S>
  std::vector<const typename S::State*> states() const;
  template <Stage S>
  std::function<void(std::function<void(const typename S::State&)>)> reader();

  Surroundings around_;
  std::string process_;
  Dice dice_;
  Disks& disks_;
  std::function<void()> failed_;
  SkewedClock clock_;
  std::unique_ptr<ProcessLog> log_;
  Subscription failing_;
  Arena arena_;
  EdgeIds ids_;
  Thread edges_;
  std::unique_ptr<DiskThread> disk_;
  std::unique_ptr<LogEdge> edge_;
  std::unique_ptr<Drivers> drivers_;
  std::map<Source, Played> played_;
  std::map<TopicPartition, One> hosted_;
  bool paused_ = false;
  bool dead_ = false;
};

}  // namespace virtscale::simulation
