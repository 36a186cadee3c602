#include "topology/adapters/kafka/member.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "topology/adapters/kafka/owners.hpp"

namespace virtscale::kafka {
namespace {

constexpr std::chrono::seconds leave_max{25};
// Of a close that has nothing left to give up: what takes longer is 2.0.2 hanging.
constexpr std::chrono::seconds close_max{5};
constexpr Within last_commit_max{5'000};
constexpr Within coordinator_max{2'000};
constexpr Within owners_max{5'000};
constexpr int poll_ms = 100;
constexpr std::int64_t us_in_a_millisecond = 1'000;
// So that a standby hears of a rebalance soon, and a busy process is not taken for dead.
constexpr std::int64_t heartbeats_in_a_session = 12;
constexpr std::int64_t heartbeat_ms_min = 250;
// `assigned` loads states, perhaps from snapshots. A process that is dead is found by its session, not by this.
constexpr std::int64_t assigned_ms_max = 300'000;

// The group will not have us, however often we ask.
bool is_final(int code) {
  return code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL || code == RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT ||
         code == RD_KAFKA_RESP_ERR__FATAL;
}

}  // namespace

Member::Member(Connection& connection, GroupAsker& asker, const LogLayout& layout, Committer& committer,
               std::function<void(const std::string&)> failed)
    : connection_(connection), asker_(asker), layout_(layout), committer_(committer), failed_(std::move(failed)) {
  ears_->rebalanced = [this](int code, rd_kafka_topic_partition_list_s& partitions) { rebalanced(code, partitions); };
  ears_->fatal = failed_;
}

Member::~Member() {
  leave();
  if (!thread_.joinable()) return;
  thread_.join();
  take_no_commits();
  if (client_) let_go(std::move(client_), ears_);
}

void Member::join(Topic inbox, MemberCalls calls) {
  inbox_ = inbox;
  calls_ = std::move(calls);
  running_ = true;
  thread_ = std::thread([this] { run(); });
}

void Member::leave() {
  leaving_ = true;
  std::unique_lock lock(mutex_);
  ended_.wait_for(lock, leave_max, [this] { return !running_; });
}

void Member::run() {
  try {
    open();
    serve();
    close(Clock::now() + close_max);
  } catch (const LogError& error) {
    failed_(error.what());
  }
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
  }
  ended_.notify_all();
}

void Member::open() {
  const auto session_ms = connection_.options().session_timeout.us / us_in_a_millisecond;
  const auto heartbeat_ms = std::max(session_ms / heartbeats_in_a_session, heartbeat_ms_min);
  client_ = connection_.open(Role::consumer,
                             {{"group.id", connection_.group(inbox_)},
                              {"partition.assignment.strategy", "range,roundrobin"},  // 2.0.2's others lose some
                              {"session.timeout.ms", std::to_string(session_ms)},
                              {"heartbeat.interval.ms", std::to_string(heartbeat_ms)},
                              {"max.poll.interval.ms", std::to_string(assigned_ms_max)}},
                             *ears_);
  const PartitionList topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), connection_.topic(inbox_).c_str(), RD_KAFKA_PARTITION_UA);
  const auto code = rd_kafka_subscribe(client_.get(), topics.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw LogError("cannot join " + connection_.group(inbox_) + ": " + words_for(code));
  committer_.go_by(inbox_, [this](const Commits& commits) { return commit(commits); });
}

void Member::serve() {
  while (!leaving_) {
    const Message message(rd_kafka_consumer_poll(client_.get(), poll_ms));
    if (!message || message->err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (is_final(message->err))
      throw LogError("the group " + connection_.group(inbox_) +
                     " does not take this process: " + rd_kafka_message_errstr(message.get()));
    connection_.complain(rd_kafka_message_errstr(message.get()));
  }
}

void Member::rebalanced(int code, rd_kafka_topic_partition_list_s& partitions) {
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) return assign(partitions);
  revoke();
  rd_kafka_assign(client_.get(), nullptr);
}

void Member::assign(rd_kafka_topic_partition_list_s& partitions) {
  owned_.emplace();
  for (int n = 0; n < partitions.cnt; ++n) {
    owned_->push_back(static_cast<std::uint32_t>(partitions.elems[n].partition));
    partitions.elems[n].offset = RD_KAFKA_OFFSET_END;
  }
  std::sort(owned_->begin(), owned_->end());
  committer_.forget(inbox_);
  calls_.assigned(*owned_);
  rd_kafka_assign(client_.get(), &partitions);
  rd_kafka_pause_partitions(client_.get(), &partitions);
}

// The consumer's own assignment is still there, so the last commits are a member's.
void Member::revoke() {
  if (!owned_) return;
  calls_.revoked(*owned_);
  committer_.flush(inbox_, last_commit_max);
  committer_.forget(inbox_);
  owned_.reset();
}

int Member::commit(const Commits& commits) {
  const auto list = to_commit(connection_.topic(inbox_), commits);
  const Queue answers(rd_kafka_queue_new(client_.get()));
  const auto code = rd_kafka_commit_queue(client_.get(), list.get(), answers.get(), nullptr, nullptr);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
  const Event event(rd_kafka_queue_poll(answers.get(), static_cast<int>(last_commit_max.count())));
  return event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
}

// Asks something that only the coordinator answers.
bool Member::is_coordinated() {
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), connection_.topic(inbox_).c_str(), 0);
  return rd_kafka_committed(client_.get(), list.get(), static_cast<int>(coordinator_max.count())) ==
         RD_KAFKA_RESP_ERR_NO_ERROR;
}

void Member::close(Clock::time_point until) {
  // 2.0.2 crashes where it wants to leave and the coordinator is away: then the group finds out by itself.
  if (is_coordinated()) leave_group(until);
  revoke();
  take_no_commits();
  let_go(std::move(client_), ears_);
}

void Member::leave_group(Clock::time_point until) {
  const Queue events(rd_kafka_queue_new(client_.get()));
  if (auto* const error = rd_kafka_consumer_close_queue(client_.get(), events.get())) rd_kafka_error_destroy(error);
  while (rd_kafka_consumer_closed(client_.get()) == 0 && Clock::now() < until) {
    const Event event(rd_kafka_queue_poll(events.get(), poll_ms));
    if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_REBALANCE) continue;
    rebalanced(rd_kafka_event_error(event.get()), *rd_kafka_event_topic_partition_list(event.get()));
    until = Clock::now() + close_max;
  }
}

void Member::take_no_commits() {
  committer_.go_by(inbox_, [](const Commits&) { return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID; });
}

std::vector<Owner> Member::owners() {
  return asker_.ask(owners_max,
                    [this](const Asker& asker, Within within) { return owners_of(asker, layout_, within); });
}

}  // namespace virtscale::kafka
