// The committed offsets of the groups, which tell a next owner what of a partition is done.
//
// The one thing to know: they never go back, and a process that is no owner any more cannot move them: once it has
// joined a group it commits as the member that it is, and the brokers refuse one that they have given up.
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "topology/adapters/kafka/group_asker.hpp"

namespace virtscale::kafka {

/// Thread-safe. Commits on a thread of its own; what is wanted meanwhile goes with the next.
class Committer {
 public:
  /// Commits, and returns librdkafka's error code; 0 if all is well.
  using Route = std::function<int(const Commits&)>;

  /// `asker` outlives it.
  Committer(GroupAsker& asker, const LogLayout& layout);
  /// Commits what is left, for 2 s at most.
  ~Committer();

  void commit(TopicPartition of, std::uint64_t offset);
  /// Asks the brokers. Throws LogError.
  std::optional<std::uint64_t> committed(TopicPartition of);
  /// Blocks until everything wanted of the inbox is committed or refused, at most for `within`.
  void flush(Topic inbox, Within within);
  /// From now on commits of the inbox go this way, and none is under way on another: it may go.
  void go_by(Topic inbox, Route route);
  /// Others may have committed meanwhile: what is known is asked for again.
  void forget(Topic inbox);

 private:
  struct Known {
    std::optional<std::uint64_t> wanted;
    std::optional<std::uint64_t> done;
    bool asked = false;  ///< `done` is what the brokers have, or newer
  };
  struct Inbox {
    std::map<std::uint32_t, Known> partitions;
    Route route;
  };

  Inbox& inbox(Topic topic) { return inboxes_[static_cast<std::size_t>(topic)]; }
  Commits ask(Topic topic);
  void run();
  bool turn(Topic topic, std::unique_lock<std::mutex>& lock);
  bool know(Topic topic, std::unique_lock<std::mutex>& lock);
  void settle(Topic topic, const Commits& sent, int code);
  static Commits open(const Inbox& inbox);

  GroupAsker& asker_;
  const LogLayout layout_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::array<Inbox, topics_count> inboxes_;
  std::optional<Topic> under_way_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace virtscale::kafka
