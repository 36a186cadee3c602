#include "tests/simulation/engine/log/embedded_log.hpp"

#include <algorithm>

namespace virtscale::simulation {
namespace {

constexpr auto disk_is_full = "the disk is full (simulated): make room and start again";

}  // namespace

EmbeddedLog::EmbeddedLog(VirtualTime& time, Faults& faults, Recording& recording, Committed& files, const Clock& clock,
                         Dice dice)
    : time_(time),
      faults_(faults),
      recording_(recording),
      files_(files),
      clock_(clock),
      dice_(dice),
      committed_(files) {
  for (std::size_t t = 0; t < topics_count; ++t) {
    for (std::uint32_t p = 0; p < layout().partitions[t]; ++p) {
      const auto& records = recording_.records({static_cast<Topic>(t), p});
      if (!records.empty()) timestamp_ = std::max(timestamp_, records.back().timestamp);
    }
  }
}

Ticket EmbeddedLog::append(std::span<const LogAppend> batch) {
  fail_if_struck();
  if (failed_) throw LogError(disk_is_full);
  timestamp_ = std::max(timestamp_, clock_.now());
  std::vector<TopicPartition> grown;
  for (const auto& record : batch) {
    pending_.push_back(std::make_shared<Pending>(Pending{++last_,
                                                         record.to,
                                                         end(record.to),
                                                         timestamp_,
                                                         std::string(record.key),
                                                         {record.value.begin(), record.value.end()}}));
    tails_[record.to].push_back(pending_.back());
    if (std::ranges::count(grown, record.to) == 0) grown.push_back(record.to);
  }
  if (!batch.empty()) batches_.push_back(last_);
  sync_later();
  for (const auto& partition : grown) wakes_[partition].call();
  return last_;
}

void EmbeddedLog::fail_if_struck() {
  if (failed_ || !faults_.strikes(Fault::producer_fails)) return;
  failed_ = true;
  time_.after({}, [this] {
    if (!dead_) failure_wakes_.call(disk_is_full);
  });
}

std::uint64_t EmbeddedLog::end(TopicPartition of) const {
  const auto tail = tails_.find(of);
  return recording_.end(of) + (tail == tails_.end() ? 0 : tail->second.size());
}

std::size_t EmbeddedLog::read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                              const std::function<bool(const LogRecord&)>& visit) {
  bool more = true;
  auto visited = recording_.read(from, offset, UINT64_MAX, records_max,
                                 [&](const LogRecord& record) { return more = visit(record); });
  const auto tail = tails_.find(from);
  if (tail == tails_.end()) return visited;
  // By number: a visitor may append, and so move iterators.
  for (std::size_t i = 0; i < tail->second.size() && more && visited < records_max; ++i) {
    const auto record = tail->second[i];
    if (record->offset < offset) continue;
    ++visited;
    more = visit({from, record->offset, record->timestamp, record->key, record->value, record->ticket});
  }
  return visited;
}

void EmbeddedLog::commit(TopicPartition of, std::uint64_t offset) {
  committed_[of] = offset;
  commits_.push_back({last_, of, offset});
  sync_later();
}

std::optional<std::uint64_t> EmbeddedLog::committed(TopicPartition of) const {
  const auto found = committed_.find(of);
  return found == committed_.end() ? std::nullopt : std::optional(found->second);
}

void EmbeddedLog::sync_later() {
  if (syncing_) return;
  syncing_ = true;
  auto delay = dice_.between(microseconds(200), milliseconds(4));
  if (auto dice = faults_.strikes(Fault::slow_append)) delay = dice->between(milliseconds(4), seconds(3));
  time_.after(delay, [this] { sync_now(); });
}

void EmbeddedLog::sync_now() {
  if (dead_ || failed_) return;
  syncing_ = false;
  if (paused_) return;
  // What was appended while the disk wrote is the next sync's.
  const auto batch = batches_.empty() ? 0 : dice_.below(batches_.size());
  make_durable(batches_.empty() ? last_ : batches_[dice_.one_in(2) ? batch : batches_.size() - 1]);
  if (!batches_.empty() || !commits_.empty()) sync_later();
  durable_wakes_.call();
}

void EmbeddedLog::make_durable(Ticket up_to) {
  while (!pending_.empty() && pending_.front()->ticket <= up_to) {
    const auto record = std::move(pending_.front());
    pending_.pop_front();
    tails_[record->to].pop_front();
    durable_ = record->ticket;
    recording_.land({record->to, record->offset, record->timestamp, std::move(record->key), std::move(record->value)});
  }
  while (!batches_.empty() && batches_.front() <= up_to) batches_.pop_front();
  for (; !commits_.empty() && commits_.front().after <= up_to; commits_.pop_front())
    files_[commits_.front().of] = commits_.front().offset;
}

void EmbeddedLog::resume() {
  paused_ = false;
  sync_later();
}

void EmbeddedLog::kill() {
  if (!batches_.empty()) {
    const auto left = dice_.below(batches_.size() + 1);
    if (left > 0) make_durable(batches_[left - 1]);
  }
  dead_ = true;
}

}  // namespace virtscale::simulation
