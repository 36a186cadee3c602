// A process's client of the brokers: what the port `Log` is in a cluster.
//
// The one thing to know: appends are in flight for a while, and land in their order within each partition; when the
// process dies, of each partition's flight a beginning may still land, however late, and the rest is lost. That is what
// an idempotent producer gives.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "tests/simulation/engine/log/brokers.hpp"
#include "tests/simulation/engine/log/process_log.hpp"

namespace virtscale::simulation {

class ClusterLog final : public ProcessLog {
 public:
  /// `member` is the process's name in its group. `dice` are its own.
  ClusterLog(VirtualTime& time, Faults& faults, Brokers& brokers, std::string member, Dice dice);

  const LogLayout& layout() const override { return brokers_.recording().layout(); }
  Ticket append(std::span<const LogAppend> batch) override;
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                   const std::function<bool(const LogRecord&)>& visit) override;
  std::uint64_t end(TopicPartition of) const override { return brokers_.recording().end(of); }
  std::uint64_t offset_at(TopicPartition of, Instant at) override { return brokers_.recording().offset_at(of, at); }
  Ticket durable() const override { return durable_; }
  Subscription on_append(TopicPartition of, std::function<void()> wake) override;
  Subscription on_durable(std::function<void()> wake) override { return durable_wakes_.add(std::move(wake)); }
  Subscription on_failure(std::function<void(const std::string&)> fail) override {
    return failure_wakes_.add(std::move(fail));
  }
  void commit(TopicPartition of, std::uint64_t offset) override;
  std::optional<std::uint64_t> committed(TopicPartition of) const override { return brokers_.committed(of); }

  /// For a client that is no part of what is tried.
  void never_fail() { fails_ = false; }

  bool failed() const override { return failed_; }
  bool in_flight() const override { return durable_ < last_ && !dead_; }
  void pause() override { paused_ = true; }
  void resume() override;
  void kill() override;

 private:
  struct Flight {
    Ticket ticket = 0;
    std::string key;
    std::vector<std::byte> value;
  };
  struct Lane {
    std::deque<Flight> flights;
    Instant not_before{};    // of a dead process
    bool under_way = false;  // a landing is scheduled
  };
  struct Reader {
    Subscription listening;
    Listeners<> wakes;
    std::uint64_t visible = 0;
    bool under_way = false;  // a fetch is scheduled
  };

  void fail_if_struck();
  void send(TopicPartition to);
  void land(TopicPartition to);
  void acknowledged(const std::vector<Ticket>& tickets);
  Reader& reader(TopicPartition of);
  void fetch(TopicPartition of);

  VirtualTime& time_;
  Faults& faults_;
  Brokers& brokers_;
  std::string member_;
  Dice dice_;
  std::map<TopicPartition, Lane> lanes_;
  std::map<TopicPartition, std::unique_ptr<Reader>> readers_;
  std::set<TopicPartition> held_;  // landings that wait for the process to go on
  std::set<Ticket> acknowledged_;  // above `durable_`
  Ticket last_ = 0;
  Ticket durable_ = 0;
  Instant commits_until_{};  // they arrive in order
  Listeners<> durable_wakes_;
  Listeners<const std::string&> failure_wakes_;
  bool fails_ = true;
  bool paused_ = false;
  bool failed_ = false;
  bool dead_ = false;
};

}  // namespace virtscale::simulation
