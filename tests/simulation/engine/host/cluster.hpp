// The processes of a run: who lives, who owns which partition, and what befalls them.
//
// The one thing to know: the group's keeper and a process may disagree about who owns a partition, for as long as a
// fault says; the keeper never waits for one that does not answer. In an embedded run there is one process, and no
// keeper.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/engine/host/incarnation.hpp"
#include "tests/simulation/engine/log/brokers.hpp"
#include "tests/simulation/engine/log/embedded_log.hpp"

namespace virtscale::simulation {

class Cluster final : public Doors {
 public:
  /// A stage has at most this many processes.
  static constexpr std::uint64_t processes_max = 3;

  Cluster(Shape shape, std::uint64_t seed, Surroundings around, Brokers& brokers);
  ~Cluster() override;

  /// Starts the processes. Called once.
  void begin();
  /// Something may befall somebody; called now and then.
  void look_for_trouble();
  /// Faults have stopped: who stands still goes on, and clocks are set right.
  void end();

  EdgeLog* signal_edge(Dice& dice) override;
  EdgeLog* producer() override;

  /// Empty once every partition is folded to its end by the one who owns it, and nothing is under way; otherwise what
  /// is not.
  std::string unsettled();
  /// The owners' tables against the shadows'. REQUIRES: settled.
  void compare_with_shadows();

 private:
  struct Process {
    std::string name;
    std::vector<Source> stages;  // one, or all
    Disks disks;
    Incarnation* life = nullptr;  // null: not running
    std::uint64_t lives = 0;      // so many were begun
    bool member = false;          // by the keeper's book
    bool leaving = false;         // orderly
    bool wanted = false;          // is started again when it dies
  };
  /// Who has a partition by the keeper's book.
  struct Owner {
    Process* process = nullptr;
    std::uint64_t life = 0;   // its number; another life must be given the partition anew
    std::uint64_t moves = 0;  // counts, so that a move that was overtaken is dropped
    std::uint64_t given = 0;  // the move that has reached the process
  };

  Process& add(std::string name, std::vector<Source> stages);
  void start(Process& process);
  void die(Process& process, Duration until_noticed, Duration until_restart);
  void crash(Dice dice);
  void pause(Dice dice);
  void go_on(Process& process, std::uint64_t life, Duration until_noticed);
  void let_go_of_others(Process& process);
  void scale(Dice dice);
  void leave(Process& process, Duration away);
  void jump_clock(Dice dice);
  void lose_state(Process& process);
  void lose_commits(Process& process);

  void rebalance(Source stage);
  void move(TopicPartition inbox, Process& to);
  void give(TopicPartition inbox, std::uint64_t moves);
  void own(TopicPartition inbox, std::uint64_t moves);

  std::vector<TopicPartition> partitions_of(Source stage) const;
  std::vector<Process*> members_of(Source stage);
  /// One that runs and is neither paused nor leaving; null if there is none.
  Process* someone(Dice& dice);
  std::unique_ptr<ProcessLog> open_log(const Process& process, const Clock& clock, Dice dice);
  bool runs(const Process& process, std::uint64_t life) const {
    return process.life != nullptr && process.lives == life;
  }
  std::string unsettled(TopicPartition inbox, const Owner& owner) const;

  Shape shape_;
  std::uint64_t seed_;
  Surroundings around_;
  Brokers& brokers_;
  Dice dice_;
  EmbeddedLog::Committed files_;  // of the embedded log
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::unique_ptr<Incarnation>> lives_;  // all that have been
  std::map<TopicPartition, Owner> owners_;
  std::map<Source, std::uint64_t> turns_;  // how often a stage's partitions were dealt anew
  struct Producer;
  std::unique_ptr<Producer> producer_;
};

}  // namespace virtscale::simulation
