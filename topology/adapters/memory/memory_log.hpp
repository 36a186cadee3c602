// A log in memory, for tests.
//
// The one thing to know: everything is durable at once, unless a test holds it back; then it is readable and not
// durable, as in a log on a disk, until the test lets go.
#pragma once

#include <deque>
#include <mutex>

#include "topology/ports/clock.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// Thread-safe. Listeners run on the thread that appends, releases or fails, without a lock.
class MemoryLog final : public Log {
 public:
  /// `clock` must outlive the log. Throws LogError for a topic without partitions.
  MemoryLog(LogLayout layout, const Clock& clock);

  const LogLayout& layout() const override { return layout_; }
  Ticket append(std::span<const LogAppend> batch) override;
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                   const std::function<bool(const LogRecord&)>& visit) override;
  std::uint64_t end(TopicPartition of) const override;
  std::uint64_t offset_at(TopicPartition of, Instant at) override;
  Ticket durable() const override;
  Subscription on_append(TopicPartition of, std::function<void()> wake) override;
  Subscription on_durable(std::function<void()> wake) override;
  Subscription on_failure(std::function<void(const std::string&)> fail) override;
  void commit(TopicPartition of, std::uint64_t offset) override;
  std::optional<std::uint64_t> committed(TopicPartition of) const override;
  /// Throws LogError while durability is held and something waits for it: it would block for ever.
  void sync() override;

  /// From now on `durable` stands still.
  void hold_durable();
  /// Everything appended is durable, and so is what will be.
  void release_durable();
  /// Lets the log fail as a full disk would.
  void fail(const std::string& reason);

 private:
  struct Stored {
    std::string key;
    std::vector<std::byte> value;
    Instant timestamp;
    Ticket ticket = 0;
  };
  struct Partition {
    std::deque<Stored>
        records;  ///< by offset; elements stay where they are, so readers need the lock to find them only
    std::shared_ptr<Listeners<>> wakes = std::make_shared<Listeners<>>();
    std::optional<std::uint64_t> committed;
  };

  Partition& at(TopicPartition of);
  const Partition& at(TopicPartition of) const;
  void check(std::span<const LogAppend> batch) const;
  void throw_if_failed() const;
  std::vector<std::shared_ptr<Listeners<>>> store(std::span<const LogAppend> batch);

  const LogLayout layout_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::array<std::vector<Partition>, topics_count> topics_;
  Ticket last_ = 0;
  Ticket durable_ = 0;
  bool held_ = false;
  Instant timestamp_{INT64_MIN};
  std::string failure_;
  Listeners<> durable_wakes_;
  Listeners<const std::string&> failure_wakes_;
};

}  // namespace virtscale
