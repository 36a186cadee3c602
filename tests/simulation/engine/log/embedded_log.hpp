// The embedded log of one process: one sequence for all topics, read before it is durable.
//
// The one thing to know: it is made durable from the front, now and then. A crash leaves a prefix of the sequence,
// whole batches of it; the rest has never been, and its offsets are given again.
#pragma once

#include <deque>
#include <map>

#include "tests/simulation/engine/log/process_log.hpp"
#include "tests/simulation/engine/log/recording.hpp"
#include "topology/ports/clock.hpp"

namespace virtscale::simulation {

class EmbeddedLog final : public ProcessLog {
 public:
  /// What the files hold beside records: the committed offsets, which are written behind the records.
  using Committed = std::map<TopicPartition, std::uint64_t>;

  /// Goes on from what is durable. `files` outlives it. `clock` is the process's own.
  EmbeddedLog(VirtualTime& time, Faults& faults, Recording& recording, Committed& files, const Clock& clock, Dice dice);

  const LogLayout& layout() const override { return recording_.layout(); }
  Ticket append(std::span<const LogAppend> batch) override;
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                   const std::function<bool(const LogRecord&)>& visit) override;
  std::uint64_t end(TopicPartition of) const override;
  std::uint64_t offset_at(TopicPartition of, Instant at) override { return recording_.offset_at(of, at); }
  Ticket durable() const override { return durable_; }
  Subscription on_append(TopicPartition of, std::function<void()> wake) override {
    return wakes_[of].add(std::move(wake));
  }
  Subscription on_durable(std::function<void()> wake) override { return durable_wakes_.add(std::move(wake)); }
  Subscription on_failure(std::function<void(const std::string&)> fail) override {
    return failure_wakes_.add(std::move(fail));
  }
  void commit(TopicPartition of, std::uint64_t offset) override;
  std::optional<std::uint64_t> committed(TopicPartition of) const override;

  bool failed() const override { return failed_; }
  bool in_flight() const override { return durable_ < last_ && !dead_; }
  void pause() override { paused_ = true; }
  void resume() override;
  void kill() override;

 private:
  struct Pending {
    Ticket ticket = 0;
    TopicPartition to;
    std::uint64_t offset = 0;
    Instant timestamp;
    std::string key;
    std::vector<std::byte> value;
  };
  struct Commit {
    Ticket after = 0;
    TopicPartition of;
    std::uint64_t offset = 0;
  };

  void fail_if_struck();
  void sync_later();
  void sync_now();
  void make_durable(Ticket up_to);

  VirtualTime& time_;
  Faults& faults_;
  Recording& recording_;
  Committed& files_;
  const Clock& clock_;
  Dice dice_;
  std::deque<std::shared_ptr<Pending>> pending_;                          // in order
  std::map<TopicPartition, std::deque<std::shared_ptr<Pending>>> tails_;  // the same, by partition
  std::deque<Commit> commits_;
  std::map<TopicPartition, std::uint64_t> committed_;
  std::deque<Ticket> batches_;  // the last ticket of each append that is not durable
  std::map<TopicPartition, Listeners<>> wakes_;
  Listeners<> durable_wakes_;
  Listeners<const std::string&> failure_wakes_;
  Ticket last_ = 0;
  Ticket durable_ = 0;
  Instant timestamp_{};
  bool syncing_ = false;
  bool paused_ = false;
  bool failed_ = false;
  bool dead_ = false;
};

}  // namespace virtscale::simulation
