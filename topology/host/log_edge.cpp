#include "topology/host/log_edge.hpp"

#include <atomic>

#include "topology/host/admission.hpp"

namespace virtscale {

// What is shared with the log's callbacks, and so may outlive the edge by one call.
class LogEdge::Tail : public std::enable_shared_from_this<Tail> {
 public:
  Tail(Log& log, Executor& executor) : log_(log), executor_(executor) {}

  void await(Ticket ticket, Appended done) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.emplace(ticket, std::move(done));
    }
    wake();
  }

  void watch(TopicPartition partition, std::function<void(const LogRecord&)> visit) {
    const auto from = log_.end(partition);
    executor_.post([self = shared_from_this(), partition, from, visit = std::move(visit)]() mutable {
      self->watched_.push_back({partition, from, std::move(visit)});
      self->wake();
    });
    auto listening = log_.on_append(partition, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->wake();
    });
    const std::lock_guard lock(mutex_);
    listening_.push_back(std::move(listening));
  }

  void listen() {
    const std::lock_guard lock(mutex_);
    listening_.push_back(log_.on_durable([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->wake();
    }));
    listening_.push_back(log_.on_failure([weak = weak_from_this()](const std::string& why) {
      if (const auto self = weak.lock()) self->fail(why);
    }));
  }

  void wake() {
    if (woken_.exchange(true)) return;
    executor_.post([self = shared_from_this()] {
      self->woken_ = false;
      try {
        self->look();
      } catch (const LogError&) {  // told by whoever folds the partition; who waits here is answered by its time-out
      }
    });
  }

  void fail(const std::string& why) {
    std::multimap<Ticket, Appended> waiting;
    {
      const std::lock_guard lock(mutex_);
      waiting.swap(waiting_);
    }
    for (const auto& [ticket, done] : waiting) done(&why);
  }

 private:
  struct Watched {
    TopicPartition partition;
    std::uint64_t next;
    std::function<void(const LogRecord&)> visit;
  };
  static constexpr std::size_t records_in_a_turn_max = 1'024;

  void look() {
    const auto durable = log_.durable();
    answer_up_to(durable);
    bool more = false;
    for (auto& watched : watched_) more = visit_durable(watched, durable) || more;
    if (more) wake();
  }

  void answer_up_to(Ticket durable) {
    std::vector<Appended> ended;
    {
      const std::lock_guard lock(mutex_);
      const auto end = waiting_.upper_bound(durable);
      for (auto it = waiting_.begin(); it != end; ++it) ended.push_back(std::move(it->second));
      waiting_.erase(waiting_.begin(), end);
    }
    for (const auto& done : ended) done(nullptr);
  }

  // True if there may be more.
  bool visit_durable(Watched& watched, Ticket durable) {
    return log_.read(watched.partition, watched.next, records_in_a_turn_max, [&](const LogRecord& record) {
      if (record.ticket > durable) return false;
      watched.visit(record);
      watched.next = record.offset + 1;
      return true;
    }) == records_in_a_turn_max;
  }

  Log& log_;
  Executor& executor_;
  std::atomic<bool> woken_ = false;
  std::mutex mutex_;
  std::multimap<Ticket, Appended> waiting_;
  std::vector<Subscription> listening_;
  std::deque<Watched> watched_;  // on the executor only; a deque, since a visitor may watch more
};

LogEdge::LogEdge(Log& log, Executor& executor, EdgeIds& ids)
    : log_(log), executor_(executor), ids_(ids), tail_(std::make_shared<Tail>(log, executor)) {
  tail_->listen();
}

LogEdge::~LogEdge() = default;

void LogEdge::append(EventId id, Topic to, std::string_view key, std::vector<std::byte> event, Appended done) {
  fill_header(event, {.id = id, .scale = {schema::GetEvent(event.data())->header()->scale()}});
  const TopicPartition partition{to, partition_of(key, log_.layout().partitions[static_cast<std::size_t>(to)])};
  const LogAppend append{partition, key, event};
  try {
    const auto ticket = log_.append({&append, 1});  // before `done` is given away: it may throw
    tail_->await(ticket, std::move(done));
  } catch (const LogError& error) {
    const std::string why = error.what();
    done(&why);
  }
}

void LogEdge::watch(Topic topic, std::function<void(const LogRecord&)> visit) {
  for (std::uint32_t p = 0; p < log_.layout().partitions[static_cast<std::size_t>(topic)]; ++p) {
    tail_->watch({topic, p}, visit);
  }
}

}  // namespace virtscale
