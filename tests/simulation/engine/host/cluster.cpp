#include "tests/simulation/engine/host/cluster.hpp"

#include <algorithm>
#include <utility>

#include "tests/simulation/engine/log/cluster_log.hpp"

namespace virtscale::simulation {
namespace {

/// After this long without a sign of life the keeper takes a member for dead; Kafka's default is longer.
constexpr Duration session = seconds(6);
/// The keeper waits this long for a member to let go.
constexpr Duration let_go_max = seconds(20);
constexpr Duration look_again = milliseconds(200);

}  // namespace

/// A client of the brokers that is no part of Virtscale.
struct Cluster::Producer {
  Producer(VirtualTime& time, Faults& faults, Brokers& brokers, Dice dice)
      : log(time, faults, brokers, "producer", Dice(dice.next(), "log")),
        thread(time, Dice(dice.next(), "thread"), milliseconds(1)),
        ids(dice.next()),
        edge(log, thread, ids) {
    log.never_fail();
  }
  ClusterLog log;
  Thread thread;
  EdgeIds ids;
  LogEdge edge;
};

Cluster::Cluster(Shape shape, std::uint64_t seed, Surroundings around, Brokers& brokers)
    : shape_(shape), seed_(seed), around_(around), brokers_(brokers), dice_(seed, "cluster") {}

Cluster::~Cluster() = default;

void Cluster::begin() {
  if (shape_ == Shape::embedded) {
    std::vector<Source> all;
    for (const auto& node : graph::stages) all.push_back(node.stage);
    start(add("virtscale", std::move(all)));
    return;
  }
  producer_ = std::make_unique<Producer>(around_.time, around_.faults, brokers_, Dice(seed_, "producer"));
  for (const auto& node : graph::stages) {
    const auto count = dice_.one_in(2) ? 1 : 1 + dice_.below(processes_max);
    for (std::uint64_t n = 0; n < processes_max; ++n) {
      auto& process = add(std::string(node.name) + "-" + std::to_string(n), {node.stage});
      if (n < count) start(process);
    }
  }
}

Cluster::Process& Cluster::add(std::string name, std::vector<Source> stages) {
  processes_.push_back(std::make_unique<Process>());
  processes_.back()->name = std::move(name);
  processes_.back()->stages = std::move(stages);
  return *processes_.back();
}

std::unique_ptr<ProcessLog> Cluster::open_log(const Process& process, const Clock& clock, Dice dice) {
  if (shape_ == Shape::cluster)
    return std::make_unique<ClusterLog>(around_.time, around_.faults, brokers_, process.name, dice);
  return std::make_unique<EmbeddedLog>(around_.time, around_.faults, brokers_.recording(), files_, clock, dice);
}

void Cluster::start(Process& process) {
  process.wanted = true;
  if (process.life != nullptr) return;
  const auto life = ++process.lives;
  around_.story.tell([&] { return process.name + " starts, for the " + std::to_string(life) + ". time"; });
  lives_.push_back(std::make_unique<Incarnation>(
      around_, process.name, Dice(seed_, process.name, life), process.disks,
      [this, &process](const Clock& clock, Dice dice) { return open_log(process, clock, dice); },
      [this, &process, life] {
        around_.story.tell([&] { return "the log of " + process.name + " has failed"; });
        if (runs(process, life)) die(process, milliseconds(100), milliseconds(500));
      }));
  process.life = lives_.back().get();
  around_.time.after(dice_.between(milliseconds(10), milliseconds(500)), [this, &process, life] {
    if (!runs(process, life)) return;
    process.member = true;
    for (const auto stage : process.stages) rebalance(stage);
  });
}

void Cluster::die(Process& process, Duration until_noticed, Duration until_restart) {
  around_.story.tell([&] { return process.name + " dies"; });
  process.life->kill();
  process.life = nullptr;
  process.leaving = false;
  const auto life = process.lives;
  around_.time.after(until_noticed, [this, &process, life] {
    if (process.lives != life) return;
    process.member = false;
    for (const auto stage : process.stages) rebalance(stage);
  });
  if (!process.wanted) return;
  around_.time.after(until_restart, [this, &process] {
    if (!process.wanted || process.life != nullptr) return;
    if (around_.faults.strikes(Fault::state_lost)) lose_state(process);
    start(process);
  });
}

void Cluster::lose_state(Process& process) {
  around_.story.tell([&] { return process.name + " has lost its state"; });
  for (auto& [inbox, disk] : process.disks) disk->lose_everything();
}

void Cluster::lose_commits(Process& process) {
  for (auto& [inbox, disk] : process.disks) {
    auto dice = around_.faults.strikes(Fault::commits_lost);
    if (!dice) continue;
    const auto lost = disk->lose_newest(*dice);
    around_.story.tell([&, &partition = inbox] {
      return std::to_string(lost) + " commits of " + process.name + " for " + name_of(partition) + " are lost";
    });
  }
}

void Cluster::look_for_trouble() {
  auto& faults = around_.faults;
  if (auto dice = faults.strikes(Fault::crash)) crash(*dice);
  if (auto dice = faults.strikes(Fault::pause)) pause(*dice);
  if (auto dice = faults.strikes(Fault::clock_jump)) jump_clock(*dice);
  if (auto dice = faults.strikes(Fault::scale)) scale(*dice);
  if (auto dice = faults.strikes(Fault::hand_over)) {
    if (shape_ == Shape::embedded) return scale(*dice);
    const auto stage = graph::stages[dice->below(graph::stages.size())].stage;
    turns_[stage] += 1 + dice->below(2);
    rebalance(stage);
  }
}

Cluster::Process* Cluster::someone(Dice& dice) {
  std::vector<Process*> running;
  for (const auto& process : processes_) {
    if (process->life != nullptr && !process->life->paused() && !process->leaving) running.push_back(process.get());
  }
  return running.empty() ? nullptr : running[dice.below(running.size())];
}

void Cluster::crash(Dice dice) {
  auto* process = someone(dice);
  if (process == nullptr) return;
  lose_commits(*process);
  const auto soon = dice.one_in(2);
  die(*process, dice.between(milliseconds(500), session),
      soon ? dice.between(milliseconds(50), seconds(1)) : dice.between(seconds(1), seconds(20)));
}

void Cluster::pause(Dice dice) {
  auto* process = someone(dice);
  if (process == nullptr) return;
  const auto length = dice.between(milliseconds(100), seconds(25));
  around_.story.tell([&] { return process->name + " stands still for " + std::to_string(length.us / 1'000) + " ms"; });
  process->life->pause();
  const auto life = process->lives;
  around_.time.after(length,
                     [this, process, life, noticed = dice.between({}, seconds(4))] { go_on(*process, life, noticed); });
  if (length < session) return;
  around_.time.after(session, [this, process, life] {
    if (!runs(*process, life) || !process->life->paused()) return;
    process->member = false;
    for (const auto stage : process->stages) rebalance(stage);
  });
}

void Cluster::go_on(Process& process, std::uint64_t life, Duration until_noticed) {
  if (!runs(process, life)) return;
  around_.story.tell([&] { return process.name + " goes on"; });
  process.life->resume();
  around_.time.after(until_noticed, [this, &process, life] {
    if (!runs(process, life)) return;
    let_go_of_others(process);
    if (std::exchange(process.member, true)) return;
    for (const auto stage : process.stages) rebalance(stage);
  });
}

void Cluster::let_go_of_others(Process& process) {
  for (const auto& [inbox, owner] : owners_) {
    if (owner.process != &process && process.life->hosts(inbox)) process.life->disown(inbox, [] {});
  }
}

void Cluster::scale(Dice dice) {
  if (shape_ == Shape::embedded) {
    auto* process = someone(dice);
    if (process != nullptr) leave(*process, dice.between(milliseconds(100), seconds(5)));
    return;
  }
  auto& process = *processes_[dice.below(processes_.size())];
  if (!process.wanted) return start(process);
  const auto others = members_of(process.stages.front());
  if (others.size() < 2 || process.life == nullptr || process.life->paused() || process.leaving) return;
  leave(process, {});
}

// Orderly: state is written, and partitions are given up, before it ends. `away` of zero: for good.
void Cluster::leave(Process& process, Duration away) {
  around_.story.tell([&] { return process.name + " is asked to stop"; });
  process.leaving = true;
  process.wanted = away > Duration{};
  process.member = false;
  for (const auto stage : process.stages) rebalance(stage);
  const auto life = process.lives;
  const auto left = std::make_shared<std::size_t>(0);
  const auto end = [this, &process, life, left, away] {
    if (--*left > 0) return;
    around_.time.after({}, [this, &process, life, away] {
      if (runs(process, life)) die(process, {}, away);
    });
  };
  std::vector<TopicPartition> hosted;
  for (const auto& [inbox, owner] : owners_) {
    if (process.life->hosts(inbox)) hosted.push_back(inbox);
  }
  *left = hosted.size() + 1;
  for (const auto& inbox : hosted) process.life->disown(inbox, end);
  end();
}

void Cluster::jump_clock(Dice dice) {
  auto* process = someone(dice);
  if (process == nullptr) return;
  auto skew = dice.between(seconds(-2), seconds(2));
  if (dice.one_in(3)) skew = dice.between(seconds(-60), seconds(60));
  // Never as far ahead: timers would ring early by that much, which nothing takes back.
  if (dice.one_in(6)) skew = dice.between(hours(-3), seconds(-60));
  around_.story.tell(
      [&] { return "the clock of " + process->name + " is wrong by " + std::to_string(skew.us) + " us"; });
  process->life->clock().set_skew(skew);
}

void Cluster::end() {
  for (const auto& life : lives_) life->clock().set_skew({});
  for (const auto& process : processes_) {
    if (process->life != nullptr && process->life->paused()) go_on(*process, process->lives, seconds(1));
  }
}

std::vector<TopicPartition> Cluster::partitions_of(Source stage) const {
  const auto inbox = graph::node_of(stage).inbox;
  std::vector<TopicPartition> all;
  const auto& layout = brokers_.recording().layout();
  for (std::uint32_t p = 0; p < layout.partitions[static_cast<std::size_t>(inbox)]; ++p) all.push_back({inbox, p});
  return all;
}

std::vector<Cluster::Process*> Cluster::members_of(Source stage) {
  std::vector<Process*> members;
  for (const auto& process : processes_) {
    if (process->member && std::ranges::count(process->stages, stage) > 0) members.push_back(process.get());
  }
  return members;
}

void Cluster::rebalance(Source stage) {
  const auto members = members_of(stage);
  if (members.empty()) return;
  for (const auto& inbox : partitions_of(stage)) {
    auto& to = *members[(inbox.partition + turns_[stage]) % members.size()];
    const auto& owner = owners_[inbox];
    if (owner.process != &to || owner.life != to.lives) move(inbox, to);
  }
}

// The old owner is asked to let go, unless it is gone or the fault keeps it from hearing.
void Cluster::move(TopicPartition inbox, Process& to) {
  auto& owner = owners_[inbox];
  auto* from = owner.process;
  const auto moves = ++owner.moves;
  const bool hears = from != nullptr && from->life != nullptr && !from->life->paused() && from->life->hosts(inbox);
  owner.process = &to;
  owner.life = to.lives;
  if (!hears || from == &to) return give(inbox, moves);
  if (auto dice = around_.faults.strikes(Fault::overlap)) {
    const auto life = from->lives;
    around_.story.tell([&] { return from->name + " does not hear that " + name_of(inbox) + " is another's"; });
    around_.time.after(dice->between(milliseconds(50), seconds(10)), [this, from, life] {
      if (runs(*from, life)) let_go_of_others(*from);
    });
    return give(inbox, moves);
  }
  from->life->disown(inbox, [this, inbox, moves] { give(inbox, moves); });
  around_.time.after(let_go_max, [this, inbox, moves] { give(inbox, moves); });
}

void Cluster::give(TopicPartition inbox, std::uint64_t moves) {
  auto& owner = owners_[inbox];
  if (owner.moves != moves) return;
  brokers_.set_owner(inbox, owner.process->name);
  around_.time.after(dice_.between(milliseconds(1), milliseconds(50)), [this, inbox, moves] { own(inbox, moves); });
}

void Cluster::own(TopicPartition inbox, std::uint64_t moves) {
  auto& owner = owners_[inbox];
  if (owner.moves != moves || !runs(*owner.process, owner.life)) return;
  auto& life = *owner.process->life;
  if (owner.given == moves) return;
  if (!life.hosts(inbox)) {
    owner.given = moves;
    return life.own(inbox);
  }
  // It has it still, from an earlier time: that must be over first.
  life.disown(inbox, [] {});
  around_.time.after(look_again, [this, inbox, moves] { own(inbox, moves); });
}

EdgeLog* Cluster::signal_edge(Dice& dice) {
  std::vector<Process*> running;
  for (const auto& process : processes_) {
    const bool serves = std::ranges::count(process->stages, Source::signal) > 0;
    if (serves && process->life != nullptr && !process->leaving) running.push_back(process.get());
  }
  return running.empty() ? nullptr : &running[dice.below(running.size())]->life->edge();
}

EdgeLog* Cluster::producer() {
  return producer_ ? &producer_->edge : nullptr;
}

std::string Cluster::unsettled() {
  for (const auto& life : lives_) {
    if (life->alive() && life->log().in_flight()) return "records are in flight";
  }
  if (producer_ && producer_->log.in_flight()) return "records of the producer are in flight";
  for (const auto& [inbox, owner] : owners_) {
    if (auto why = unsettled(inbox, owner); !why.empty()) return name_of(inbox) + " " + why;
  }
  return {};
}

std::string Cluster::unsettled(TopicPartition inbox, const Owner& owner) const {
  const auto hosts =
      std::ranges::count_if(lives_, [&](const auto& life) { return life->alive() && life->hosts(inbox); });
  if (hosts != 1) return "is with " + std::to_string(hosts) + " processes";
  if (!runs(*owner.process, owner.life)) return "has an owner that does not run";
  const auto* hosted = owner.process->life->hosted(inbox);
  if (hosted == nullptr || !hosted->ready()) return "is not ready in " + owner.process->name;
  const auto status = hosted->status(owner.process->life->log());
  if (status.next_offset < status.end_offset)
    return "is folded up to " + std::to_string(status.next_offset) + " of " + std::to_string(status.end_offset);
  if (status.requests_pending > 0) return "waits for " + std::to_string(status.requests_pending) + " answers";
  return {};
}

void Cluster::compare_with_shadows() {
  for (const auto& [inbox, owner] : owners_) {
    const auto* hosted = owner.process->life->hosted(inbox);
    around_.shadows.compare(inbox, hosted->tables(), owner.process->name);
  }
}

}  // namespace virtscale::simulation
