// A log in memory whose past can be changed, as no log allows: for what a verification must find.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "topology/ports/log.hpp"

namespace virtscale::test {

/// A record as it is kept.
struct Stored {
  TopicPartition of;
  std::uint64_t offset = 0;
  Instant timestamp;
  std::string key;
  std::vector<std::byte> value;
  Ticket ticket = 0;
};

/// Used by one thread. Each append is a millisecond later than the one before it.
class EditableLog final : public Log {
 public:
  explicit EditableLog(LogLayout layout) : layout_(std::move(layout)) {}

  /// The records of a partition, to be looked at and changed.
  std::vector<Stored>& records(TopicPartition of) { return partitions_[of]; }
  /// All records in the order in which they were appended.
  std::vector<const Stored*> in_order() const {
    std::vector<const Stored*> all;
    for (const auto& [of, records] : partitions_) {
      for (const auto& record : records) all.push_back(&record);
    }
    std::ranges::stable_sort(all, {}, [](const Stored* record) { return record->ticket; });
    return all;
  }
  Instant now() const { return now_; }
  std::size_t size() const { return in_order().size(); }

  const LogLayout& layout() const override { return layout_; }
  Ticket append(std::span<const LogAppend> batch) override {
    now_ = now_ + milliseconds(1);
    ++last_;
    for (const auto& record : batch) {
      auto& records = partitions_[record.to];
      records.push_back({record.to,
                         end(record.to),
                         now_,
                         std::string(record.key),
                         {record.value.begin(), record.value.end()},
                         last_});
    }
    return last_;
  }
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                   const std::function<bool(const LogRecord&)>& visit) override {
    std::size_t visited = 0;
    for (const auto& record : partitions_[from]) {
      if (record.offset < offset) continue;
      if (visited == records_max) break;
      ++visited;
      if (!visit({from, record.offset, record.timestamp, record.key, record.value, record.ticket})) break;
    }
    return visited;
  }
  std::uint64_t end(TopicPartition of) const override {
    const auto records = partitions_.find(of);
    return records == partitions_.end() || records->second.empty() ? 0 : records->second.back().offset + 1;
  }
  std::uint64_t offset_at(TopicPartition of, Instant at) override {
    for (const auto& record : partitions_[of]) {
      if (record.timestamp >= at) return record.offset;
    }
    return end(of);
  }
  Ticket durable() const override { return last_; }
  Subscription on_append(TopicPartition, std::function<void()>) override { return {}; }
  Subscription on_durable(std::function<void()>) override { return {}; }
  Subscription on_failure(std::function<void(const std::string&)>) override { return {}; }
  void commit(TopicPartition of, std::uint64_t offset) override { committed_[of] = offset; }
  std::optional<std::uint64_t> committed(TopicPartition of) const override {
    const auto found = committed_.find(of);
    return found == committed_.end() ? std::nullopt : std::optional(found->second);
  }
  void sync() override {}

 private:
  const LogLayout layout_;
  std::map<TopicPartition, std::vector<Stored>> partitions_;
  std::map<TopicPartition, std::uint64_t> committed_;
  Instant now_{1'776'737'640'000'000};
  Ticket last_ = 0;
};

}  // namespace virtscale::test
