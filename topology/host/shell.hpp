// The shell: carries one partition of one stage through poll, fold, append, commit, act.
//
// The one thing to know: only two orders matter. Effects start after everything that led to them is durable, and state
// is written only when the log is durable beyond what was folded into it (architecture, section 4).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "topology/host/effect_runner.hpp"
#include "topology/host/partition.hpp"
#include "topology/host/state_writer.hpp"
#include "topology/host/timer_ringer.hpp"

namespace virtscale {

/// How a shell is paced. None of it can change what is folded.
struct Pace {
  /// Records folded before other work of the thread gets its turn; 512 keep a turn near a millisecond.
  std::size_t batch_max = 512;
  /// State is written at most this long after it changed: what a restart has to fold again.
  Duration commit_every = seconds(1);
};

/// What a shell works with. All outlive it.
struct ShellPorts {
  Log& log;
  Store& store;
  Executor& executor;  ///< the stage's thread
  Executor& disk;      ///< where the store is written
  const Clock& clock;
  Effects* effects;  ///< null for a stage that asks for none
  StageMetrics& metrics;
  Arena& arena;  ///< of the stage's thread: what a turn emits lies there until it is appended
  EdgeIds& ids;  ///< for answers and timers, which come from the outside
  std::function<void(const std::string&)> on_incident;  ///< the partition has stopped; the text says why and what to do
};

/// Everything but the constructor runs on `ports.executor`. REQUIRES: held by a shared_ptr.
template <Stage S>
class Shell : public std::enable_shared_from_this<Shell<S>> {
 public:
  using State = typename S::State;

  Shell(std::uint32_t partition, ShellPorts ports, Pace pace)
      : partition_(partition, ports.log.layout()), ports_(std::move(ports)), pace_(pace) {}

  /// Loads the state, and goes on from there. Called once. Throws StoreError and LogError.
  void start() {
    make_parts();
    StateWriter::load(ports_.store, partition_.tables(), graph::node_of(S::source).name);
    partition_.rebuild();
    committed_ = ports_.log.committed(inbox());
    history_end_ = ports_.log.end(inbox());
    listening_ = {
        ports_.log.on_append(inbox(), [weak = this->weak_from_this()] { wake(weak, &Shell::appended_, &Shell::poll); }),
        ports_.log.on_durable([weak = this->weak_from_this()] { wake(weak, &Shell::durable_, &Shell::durable_grew); })};
    commit_later();
    poll();
  }

  /// True once all that was in the inbox at the start is folded: from then on effects run and timers ring.
  bool ready() const { return ready_ && !stopped_; }
  bool stopped() const { return stopped_; }
  const State& state() const { return partition_.state(); }
  const Partition<S>& partition() const { return partition_; }
  std::uint64_t history_end() const { return history_end_; }

  /// Calls `use` on the disk's executor with the store, between two commits; not at all once it has stopped. It must
  /// not throw.
  void use_store(std::function<void(Store&)> use) {
    if (!stopped_) writer_->use_store(std::move(use));
  }

  /// Stops polling and starting effects, writes the state behind the durable log, then calls `done` on the executor.
  /// After `within` it gives up what the log has not made durable by then: the next owner folds it again.
  void drain(Duration within, std::function<void()> done) {
    stopped_ = true;
    listening_[0].reset();  // the inbox; what becomes durable still matters
    effects_->stop();
    timers_->stop();
    ports_.metrics.lag(0);  // it is the next owner's
    writer_->when_idle([self = this->shared_from_this(), done = std::move(done)] {
      // What was folded and could not be appended must be folded again.
      if (!self->given_up_ && self->emitted_.empty()) self->commit();
      self->writer_->when_idle(done);
    });
    ports_.executor.after(within, [self = this->shared_from_this()] {
      self->given_up_ = true;
      self->writer_->give_up();
    });
  }

 private:
  TopicPartition inbox() const { return {S::inbox, partition_.number()}; }

  // They outlive this shell where an effect is under way, so what they call is held weakly.
  void make_parts() {
    const auto fail = [weak = this->weak_from_this()](const std::string& why) {
      if (const auto self = weak.lock()) self->stop(why);
    };
    effects_ = std::make_shared<EffectRunner>(ports_.log, inbox(), ports_.executor, ports_.effects, ports_.ids,
                                              ports_.metrics, fail);
    writer_ = std::make_shared<StateWriter>(ports_.log, inbox(), ports_.store, ports_.executor, ports_.disk, fail);
    timers_ = std::make_shared<TimerRinger>(ports_.log, inbox(), ports_.executor, ports_.clock, ports_.ids, fail);
  }

  // Wake-ups come from the log's threads, and often; one that is under way is enough.
  static void wake(const std::weak_ptr<Shell>& weak, std::atomic<bool> Shell::*under_way, void (Shell::*run)()) {
    const auto self = weak.lock();
    if (!self || ((*self).*under_way).exchange(true)) return;
    self->ports_.executor.post([self, under_way, run] {
      ((*self).*under_way) = false;
      ((*self).*run)();
    });
  }

  void poll() {
    if (stopped_) return;
    std::size_t read = 0;
    const auto began = std::chrono::steady_clock::now();  // for the metrics only
    try {
      read = ports_.log.read(inbox(), partition_.next_offset(), pace_.batch_max,
                             [this](const LogRecord& record) { return take(record); });
      append_emitted();
      if (!incident_.empty()) return stop(incident_);
      count(read, std::chrono::steady_clock::now() - began);
      act();
    } catch (const LogError& error) {
      return stop(error.what());
    }
    if (read == pace_.batch_max) wake(this->weak_from_this(), &Shell::appended_, &Shell::poll);
  }

  bool take(const LogRecord& record) {
    auto step = partition_.fold_one(record, ports_.arena);
    duplicates_ += step.fate == Fate::duplicate ? 1 : 0;
    rejected_ += step.fate == Fate::rejected ? 1 : 0;
    if (step.fate == Fate::halted) {
      incident_ = std::string(name_of(S::inbox)) + " partition " + std::to_string(partition_.number()) + " offset " +
                  std::to_string(record.offset) + ": " + step.incident;
      return false;
    }
    last_ticket_ = std::max(last_ticket_, record.ticket);
    // What is at or below the committed offset is known to be in the log already.
    const bool in_log = committed_ && record.offset <= *committed_;
    if (!in_log) emitted_.insert(emitted_.end(), step.emitted.begin(), step.emitted.end());
    for (const auto& request : step.asked) {
      if (ready_) asked_.push_back(std::make_shared<const EffectRequest>(request.kept()));
    }
    return true;
  }

  void append_emitted() {
    if (!emitted_.empty()) last_ticket_ = std::max(last_ticket_, ports_.log.append(emitted_));
    emitted_.clear();
    ports_.arena.clear();
  }

  void act() {
    // An end may stand behind offsets without a record (a foreign transaction's marker): then the log's own end tells.
    if (!ready_ && partition_.next_offset() >= std::min(history_end_, ports_.log.end(inbox()))) become_ready();
    if (!ready_) return;
    if (!asked_.empty()) effects_->enqueue(last_ticket_, std::exchange(asked_, {}));
    timers_->look_at(partition_.books());
  }

  void count(std::size_t records, std::chrono::nanoseconds took) {
    ports_.metrics.batch_folded(records, microseconds(took.count() / 1'000));
    ports_.metrics.duplicates_dropped(std::exchange(duplicates_, 0));
    ports_.metrics.dead_lettered(std::exchange(rejected_, 0));
    const auto end = ports_.log.end(inbox());
    ports_.metrics.lag(end - std::min(end, partition_.next_offset()));
  }

  // Requests whose answers stand in the history are answered by now; the others were cut off by a crash and run again.
  void become_ready() {
    ready_ = true;
    partition_.books().each_pending([this](const EventId& id, const schema::PendingRequestT& request) {
      const auto* event = schema::GetEvent(request.event.data());
      const auto bytes = std::as_bytes(std::span(request.event));
      asked_.push_back(std::make_shared<const EffectRequest>(
          EffectRequest{id, {event->header()->scale()}, event->org()->str(), {bytes.begin(), bytes.end()}}));
    });
  }

  void durable_grew() {
    effects_->start_durable();
    writer_->write_durable();
  }

  void commit_later() {
    ports_.executor.after(pace_.commit_every, [weak = this->weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->stopped_) return;
      if (self->writer_->idle()) self->commit();
      self->commit_later();
    });
  }

  void commit() {
    if (partition_.next_offset() == committed_up_to_) return;
    committed_up_to_ = partition_.next_offset();
    writer_->prepare(partition_.tables(), last_ticket_, committed_up_to_ - 1);
  }

  void stop(const std::string& why) {
    if (stopped_) return;
    stopped_ = true;
    effects_->stop();
    timers_->stop();
    ports_.on_incident(why);
  }

  Partition<S> partition_;
  ShellPorts ports_;
  Pace pace_;
  std::shared_ptr<EffectRunner> effects_;
  std::shared_ptr<StateWriter> writer_;
  std::shared_ptr<TimerRinger> timers_;

  std::optional<std::uint64_t> committed_;  // by an owner before us
  std::uint64_t committed_up_to_ = 0;
  std::uint64_t history_end_ = 0;
  Ticket last_ticket_ = 0;          // of all that was folded and emitted
  std::vector<LogAppend> emitted_;  // by the batch, in the arena
  EffectRunner::Requests asked_;
  std::size_t duplicates_ = 0;
  std::size_t rejected_ = 0;
  std::string incident_;
  bool ready_ = false;
  bool stopped_ = false;
  bool given_up_ = false;
  std::array<Subscription, 2> listening_;
  std::atomic<bool> appended_ = false;
  std::atomic<bool> durable_ = false;
};

}  // namespace virtscale
