// The membership in the group of an inbox's owners, on a thread of its own.
//
// The one thing to know: the group assigns, and nothing else. The partitions that its consumer gets are paused at once;
// what is read, and from where, is between the partition's own state and the feeds.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "topology/adapters/kafka/committer.hpp"

namespace virtscale::kafka {

/// All outlive this.
class Member final : public Membership {
 public:
  Member(Connection& connection, GroupAsker& asker, const LogLayout& layout, Committer& committer,
         std::function<void(const std::string&)> failed);
  /// Leaves, if it has not.
  ~Member() override;

  void join(Topic inbox, MemberCalls calls) override;
  void leave() override;
  std::vector<Owner> owners() override;

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void open();
  void serve();
  void rebalanced(int code, rd_kafka_topic_partition_list_s& partitions);
  void assign(rd_kafka_topic_partition_list_s& partitions);
  void revoke();
  int commit(const Commits& commits);
  bool is_coordinated();
  void close(Clock::time_point until);
  void leave_group(Clock::time_point until);
  void take_no_commits();

  Connection& connection_;
  GroupAsker& asker_;
  const LogLayout layout_;
  Committer& committer_;
  std::function<void(const std::string&)> failed_;

  Topic inbox_{};
  MemberCalls calls_;
  std::shared_ptr<Ears> ears_ = std::make_shared<Ears>();
  Client client_;                                    // the thread's own, but for commits
  std::optional<std::vector<std::uint32_t>> owned_;  // nothing: not a member at this moment
  std::atomic<bool> leaving_ = false;

  std::mutex mutex_;
  std::condition_variable ended_;
  bool running_ = false;
  std::thread thread_;
};

}  // namespace virtscale::kafka
