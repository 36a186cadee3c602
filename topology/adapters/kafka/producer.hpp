// The producer of a log: what is appended, in order, and how far all of it is acknowledged.
//
// The one thing to know: partitions acknowledge independently of each other, and a ticket is durable only when all up
// to it are; so acknowledgements are held until those before them have come.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "topology/adapters/kafka/outlet.hpp"

namespace virtscale::kafka {

/// A deadline that never comes.
inline constexpr auto forever = std::chrono::steady_clock::time_point::max();

/// What a producer tells, on its own thread. Must not block.
struct ProducerCalls {
  std::function<void()> durable;                       ///< `durable()` has grown
  std::function<void(const std::string& why)> failed;  ///< once
};

/// Thread-safe.
class Producer {
 public:
  Producer(Connection& connection, const LogLayout& layout, ProducerCalls calls);
  /// Gives what is under way a moment to arrive, and forgets the rest.
  ~Producer();

  /// Appends `batch` in order. Blocks while 64 MiB wait to be acknowledged. REQUIRES: checked sizes and partitions.
  /// Throws LogError when the producer has failed.
  Ticket append(std::span<const LogAppend> batch);
  Ticket durable() const { return durable_; }
  /// The offset behind the last acknowledged record of this producer in the partition; 0 if it has none.
  std::uint64_t acknowledged(TopicPartition of) const;
  /// Blocks until all that was appended so far is durable, at most until `deadline`; false if it is not by then. Throws
  /// LogError when the producer has failed.
  bool wait(std::chrono::steady_clock::time_point deadline);
  /// As wait, for what was appended to one partition.
  bool wait_for(TopicPartition partition, std::chrono::steady_clock::time_point deadline);

  void fail(const std::string& why);
  /// Why it takes nothing more; empty if it does.
  std::string failure() const;
  /// For questions to the brokers.
  rd_kafka_s& client() { return *client_; }

 private:
  struct Partition {
    Outlet outlet;
    std::atomic<Ticket> last = 0;        ///< of the last record that was appended
    std::atomic<std::uint64_t> end = 0;  ///< behind the last record that was acknowledged
    std::size_t news = 0;                ///< acknowledged, and the outlet has not heard of it; the thread's own
  };
  struct Outgoing {
    Topic name{};
    TopicHandle topic;  ///< made under order_ by its first append, and the same from then on
    std::deque<Partition> partitions;
  };

  void run();
  void begin(Outgoing& topic);
  void delivered(const rd_kafka_message_s& message);
  void send(std::span<const Numbered> records);
  void acknowledge(Partition& partition, const rd_kafka_message_s& message);
  void give_more();
  void wait_for_room();
  Partition& partition(TopicPartition to) {
    return topics_[static_cast<std::size_t>(to.topic)].partitions[to.partition];
  }
  void throw_if_failed() const;
  bool wait_until(std::chrono::steady_clock::time_point deadline, Ticket ticket);

  Connection& connection_;
  ProducerCalls calls_;
  Ears ears_;
  Client client_;
  std::array<Outgoing, topics_count> topics_;

  std::mutex order_;  // of appends
  std::atomic<Ticket> last_ = 0;
  std::vector<TopicPartition> heard_;  // those with news

  mutable std::mutex mutex_;
  std::condition_variable moved_;
  std::deque<bool> acknowledged_;  // of the tickets behind durable_
  std::size_t unacknowledged_bytes_ = 0;
  std::atomic<Ticket> durable_ = 0;
  std::string failure_;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace virtscale::kafka
