// The feeds of a log: finds for each read the feed that stands where it wants to go on, or begins one there.
//
// The one thing to know: readers are not known by name, only by the offset they ask for. As long as somebody listens to
// a partition its feeds stay, and wake the listeners; otherwise a feed that nobody has read for a while is closed.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "topology/adapters/kafka/admin.hpp"
#include "topology/adapters/kafka/bell.hpp"
#include "topology/adapters/kafka/feed.hpp"

namespace virtscale::kafka {

/// Thread-safe.
class Feeds {
 public:
  /// All outlive this.
  Feeds(Asker asker, const LogLayout& layout, Bell& bell);
  ~Feeds();

  /// As Log::read. For a partition that somebody listens to: what has arrived by now. For others: up to the end, which
  /// is at least `end_min()`, asked for then only; throws LogError if nothing comes for 10 s.
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                   const std::function<std::uint64_t()>& end_min, const std::function<bool(const LogRecord&)>& visit);
  /// The end of the partition: told by a feed if there is one, else by the brokers. Where somebody listens, they are
  /// asked at most once.
  std::uint64_t end(TopicPartition of);
  /// Whether somebody listens to it.
  bool follows(TopicPartition of) { return slot(of).listeners > 0; }
  Subscription listen(TopicPartition of, std::function<void()> wake);

 private:
  using Clock = std::chrono::steady_clock;
  /// A feed and who has it.
  struct Kept {
    std::unique_ptr<Feed> feed;
    bool read = false;    ///< by somebody; until then it only watches, and what comes is thrown away
    bool busy = false;    ///< being read
    bool doomed = false;  ///< to be closed when it is not busy
    Clock::time_point used = Clock::now();
    std::optional<Clock::time_point> waiting_since;  ///< something came, and nobody has read it since then
  };
  /// What a subscription reaches the feeds by: it may outlive them.
  struct Reach {
    std::mutex mutex;
    Feeds* feeds;
  };
  struct Slot {
    TopicPartition partition;
    Feeds* owner = nullptr;
    Listeners<> wakes;
    std::atomic<int> listeners = 0;
    std::atomic<bool> watched = false;  ///< there is a feed that nobody has read yet
    std::list<Kept> feeds;
    std::optional<std::uint64_t> known_end;  // as the brokers told it when they were asked last
    std::optional<Clock::time_point> trouble_since;
    std::optional<Clock::time_point> ring_at;
  };
  class Lease;

  Slot& slot(TopicPartition of) { return slots_[static_cast<std::size_t>(of.topic)][of.partition]; }
  static void woken(rd_kafka_s* client, void* slot);
  std::size_t read_arrived(Slot& slot, std::uint64_t offset, std::size_t records_max,
                           const std::function<bool(const LogRecord&)>& visit);
  std::size_t read_up_to(Slot& slot, std::uint64_t offset, std::size_t records_max, std::uint64_t end,
                         const std::function<bool(const LogRecord&)>& visit);
  Kept& take(Slot& slot, std::uint64_t offset);
  Kept& begin(Slot& slot, std::uint64_t offset);
  void give_back(Slot& slot, Kept& kept);
  Carrier& carrier_for(const std::string& topic, std::uint32_t partition);
  void bear(Slot& slot, const FeedTrouble& trouble, std::uint64_t offset);
  [[noreturn]] void out_of_range(TopicPartition from, std::uint64_t offset);
  void drop_listener(Slot& slot);
  void watch(Slot& slot);
  void run();
  void tend_soon();
  void tend(Slot& slot);
  void close_idle(Slot& slot);
  void throw_away(Slot& slot);

  Asker asker_;
  Bell& bell_;
  std::shared_ptr<Reach> reach_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Carrier>> carriers_;
  std::array<std::deque<Slot>, topics_count> slots_;

  std::mutex tending_;
  std::condition_variable tend_;
  bool tend_now_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace virtscale::kafka
