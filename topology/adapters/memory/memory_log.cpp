#include "topology/adapters/memory/memory_log.hpp"

#include <algorithm>

namespace virtscale {
namespace {

/// Enough that the lock does not matter.
constexpr std::size_t records_at_once = 64;

}  // namespace

MemoryLog::MemoryLog(LogLayout layout, const Clock& clock) : layout_(std::move(layout)), clock_(clock) {
  for (std::size_t topic = 0; topic < topics_count; ++topic) {
    if (layout_.partitions[topic] == 0)
      throw LogError("topic " + std::string(topic_names[topic]) + " has no partition (choose at least 1)");
    topics_[topic] = std::vector<Partition>(layout_.partitions[topic]);
  }
}

const MemoryLog::Partition& MemoryLog::at(TopicPartition of) const {
  return topics_.at(static_cast<std::size_t>(of.topic)).at(of.partition);
}

MemoryLog::Partition& MemoryLog::at(TopicPartition of) {
  return topics_.at(static_cast<std::size_t>(of.topic)).at(of.partition);
}

Ticket MemoryLog::append(std::span<const LogAppend> batch) {
  check(batch);
  std::unique_lock lock(mutex_);
  throw_if_failed();
  if (batch.empty()) return last_;
  const auto wakes = store(batch);
  const Ticket ticket = ++last_;
  const bool held = held_;
  if (!held) durable_ = last_;
  lock.unlock();
  for (const auto& listeners : wakes) listeners->call();
  if (!held) durable_wakes_.call();
  return ticket;
}

void MemoryLog::check(std::span<const LogAppend> batch) const {
  for (const LogAppend& record : batch) {
    if (record.key.size() > key_bytes_max || record.value.size() > record_bytes_max)
      throw std::length_error("a record's key or value is larger than the log's bound");
    static_cast<void>(at(record.to));
  }
}

std::vector<std::shared_ptr<Listeners<>>> MemoryLog::store(std::span<const LogAppend> batch) {
  timestamp_ = std::max(timestamp_, clock_.now());
  std::vector<const Partition*> touched;
  std::vector<std::shared_ptr<Listeners<>>> wakes;
  for (const LogAppend& record : batch) {
    Partition& partition = at(record.to);
    partition.records.push_back(
        {std::string(record.key), {record.value.begin(), record.value.end()}, timestamp_, last_ + 1});
    if (std::find(touched.begin(), touched.end(), &partition) != touched.end()) continue;
    touched.push_back(&partition);
    wakes.push_back(partition.wakes);
  }
  return wakes;
}

std::size_t MemoryLog::read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                            const std::function<bool(const LogRecord&)>& visit) {
  std::size_t visited = 0;
  for (std::array<const Stored*, records_at_once> found{}; visited < records_max;) {
    std::size_t count = 0;
    {
      const std::lock_guard lock(mutex_);
      const std::deque<Stored>& records = at(from).records;
      for (; count < found.size() && offset + count < records.size(); ++count) found[count] = &records[offset + count];
    }
    if (count == 0) break;
    for (std::size_t n = 0; n < count && visited < records_max; ++n, ++offset) {
      ++visited;
      const Stored& stored = *found[n];
      if (!visit({from, offset, stored.timestamp, stored.key, stored.value, stored.ticket})) return visited;
    }
  }
  return visited;
}

std::uint64_t MemoryLog::end(TopicPartition of) const {
  const std::lock_guard lock(mutex_);
  return at(of).records.size();
}

std::uint64_t MemoryLog::offset_at(TopicPartition of, Instant when) {
  const std::lock_guard lock(mutex_);
  const std::deque<Stored>& records = at(of).records;
  const auto found = std::partition_point(records.begin(), records.end(),
                                          [when](const Stored& stored) { return stored.timestamp < when; });
  return static_cast<std::uint64_t>(found - records.begin());
}

Ticket MemoryLog::durable() const {
  const std::lock_guard lock(mutex_);
  return durable_;
}

Subscription MemoryLog::on_append(TopicPartition of, std::function<void()> wake) {
  return at(of).wakes->add(std::move(wake));
}

Subscription MemoryLog::on_durable(std::function<void()> wake) {
  return durable_wakes_.add(std::move(wake));
}

Subscription MemoryLog::on_failure(std::function<void(const std::string&)> listener) {
  std::unique_lock lock(mutex_);
  if (failure_.empty()) return failure_wakes_.add(std::move(listener));
  const std::string reason = failure_;
  lock.unlock();
  listener(reason);
  return {};
}

void MemoryLog::commit(TopicPartition of, std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  std::optional<std::uint64_t>& committed = at(of).committed;
  committed = std::max(offset, committed.value_or(0));
}

std::optional<std::uint64_t> MemoryLog::committed(TopicPartition of) const {
  const std::lock_guard lock(mutex_);
  return at(of).committed;
}

void MemoryLog::sync() {
  const std::lock_guard lock(mutex_);
  throw_if_failed();
  if (durable_ < last_) throw LogError("the test holds durability back (call release_durable)");
}

void MemoryLog::hold_durable() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void MemoryLog::release_durable() {
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
    if (durable_ == last_ || !failure_.empty()) return;
    durable_ = last_;
  }
  durable_wakes_.call();
}

void MemoryLog::fail(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) return;
    failure_ = reason;
  }
  failure_wakes_.call(reason);
}

void MemoryLog::throw_if_failed() const {
  if (!failure_.empty()) throw LogError(failure_);
}

}  // namespace virtscale
