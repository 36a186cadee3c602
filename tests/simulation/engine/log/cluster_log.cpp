#include "tests/simulation/engine/log/cluster_log.hpp"

#include <algorithm>

namespace virtscale::simulation {
namespace {

constexpr auto producer_failed =
    "the producer has failed for good (simulated): start again from the partitions' own state";

}  // namespace

ClusterLog::ClusterLog(VirtualTime& time, Faults& faults, Brokers& brokers, std::string member, Dice dice)
    : time_(time), faults_(faults), brokers_(brokers), member_(std::move(member)), dice_(dice) {}

Ticket ClusterLog::append(std::span<const LogAppend> batch) {
  fail_if_struck();
  if (failed_) throw LogError(producer_failed);
  for (const auto& record : batch) {
    lanes_[record.to].flights.push_back({++last_, std::string(record.key), {record.value.begin(), record.value.end()}});
    send(record.to);
  }
  return last_;
}

void ClusterLog::fail_if_struck() {
  if (!fails_ || failed_ || !faults_.strikes(Fault::producer_fails)) return;
  failed_ = true;
  time_.after({}, [this] {
    if (!dead_) failure_wakes_.call(producer_failed);
  });
}

void ClusterLog::send(TopicPartition to) {
  auto& lane = lanes_[to];
  if (lane.under_way || lane.flights.empty()) return;
  lane.under_way = true;
  auto delay = dice_.between(microseconds(200), milliseconds(3));
  if (auto dice = faults_.strikes(Fault::slow_append)) delay = dice->between(milliseconds(3), seconds(3));
  time_.after(delay, [this, to] { land(to); });
}

void ClusterLog::land(TopicPartition to) {
  // On the wire already, or not: a process that stands still sends nothing more.
  if (paused_ && !dead_ && !dice_.one_in(3)) return void(held_.insert(to));
  auto& lane = lanes_[to];
  const auto when = std::max(brokers_.available(to), lane.not_before);
  if (when > time_.now()) return time_.at(when, [this, to] { land(to); });
  std::vector<Ticket> landed;
  for (auto n = dice_.one_in(4) ? 1 + dice_.below(lane.flights.size() + 1) : lane.flights.size();
       n > 0 && !lane.flights.empty(); --n) {
    auto flight = std::move(lane.flights.front());
    lane.flights.pop_front();
    landed.push_back(flight.ticket);
    brokers_.take(to, std::move(flight.key), std::move(flight.value));
  }
  lane.under_way = false;
  send(to);
  if (dead_) return;
  time_.after(dice_.between(microseconds(200), milliseconds(2)),
              [this, landed = std::move(landed)] { acknowledged(landed); });
}

void ClusterLog::acknowledged(const std::vector<Ticket>& tickets) {
  if (dead_ || failed_) return;
  acknowledged_.insert(tickets.begin(), tickets.end());
  const auto before = durable_;
  while (!acknowledged_.empty() && *acknowledged_.begin() == durable_ + 1) {
    ++durable_;
    acknowledged_.erase(acknowledged_.begin());
  }
  if (durable_ > before) durable_wakes_.call();
}

ClusterLog::Reader& ClusterLog::reader(TopicPartition of) {
  auto& reader = readers_[of];
  if (!reader) {
    reader = std::make_unique<Reader>();
    reader->visible = brokers_.recording().end(of);
    reader->listening = brokers_.on_taken(of, [this, of] { fetch(of); });
  }
  return *reader;
}

void ClusterLog::fetch(TopicPartition of) {
  auto& to = reader(of);
  if (to.under_way || dead_) return;
  to.under_way = true;
  auto delay = dice_.between(microseconds(100), milliseconds(2));
  if (auto dice = faults_.strikes(Fault::slow_fetch)) delay = dice->between(milliseconds(2), seconds(3));
  time_.at(std::max(time_.now() + delay, brokers_.available(of)), [this, of] {
    auto& fetched = reader(of);
    fetched.under_way = false;
    if (dead_) return;
    fetched.visible = brokers_.recording().end(of);
    fetched.wakes.call();
  });
}

std::size_t ClusterLog::read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                             const std::function<bool(const LogRecord&)>& visit) {
  return brokers_.recording().read(from, offset, reader(from).visible, records_max, visit);
}

Subscription ClusterLog::on_append(TopicPartition of, std::function<void()> wake) {
  return reader(of).wakes.add(std::move(wake));
}

void ClusterLog::commit(TopicPartition of, std::uint64_t offset) {
  auto delay = dice_.between(milliseconds(1), milliseconds(20));
  if (auto dice = faults_.strikes(Fault::slow_commit)) delay = dice->between(milliseconds(20), seconds(10));
  commits_until_ = std::max(commits_until_, time_.now() + delay);
  time_.at(commits_until_, [this, of, offset] {
    if (!dead_) brokers_.commit(of, offset, member_);
  });
}

void ClusterLog::resume() {
  paused_ = false;
  for (const auto& to : std::exchange(held_, {})) land(to);
}

void ClusterLog::kill() {
  dead_ = true;
  for (auto& [to, lane] : lanes_) {
    lane.flights.resize(dice_.below(lane.flights.size() + 1));
    // What was on its way may come long after another has taken over.
    if (dice_.one_in(2)) lane.not_before = time_.now() + dice_.between(milliseconds(1), seconds(8));
  }
  for (const auto& to : std::exchange(held_, {})) land(to);
}

}  // namespace virtscale::simulation
