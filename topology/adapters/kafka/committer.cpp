#include "topology/adapters/kafka/committer.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

namespace virtscale::kafka {
namespace {

constexpr Within farewell_max{2'000};
constexpr Within retry_every{500};
constexpr Within serve_every{1'000};

// The brokers have given the partitions to another.
bool refused(int code) {
  return code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID || code == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST;
}

}  // namespace

Committer::Committer(GroupAsker& asker, const LogLayout& layout)
    : asker_(asker), layout_(layout), thread_([this] { run(); }) {}

Committer::~Committer() {
  const auto until = std::chrono::steady_clock::now() + farewell_max;
  {
    std::unique_lock lock(mutex_);
    moved_.wait_until(lock, until, [this] {
      return std::all_of(inboxes_.begin(), inboxes_.end(), [](const Inbox& one) { return open(one).empty(); });
    });
    ended_ = true;
  }
  moved_.notify_all();
  thread_.join();
}

void Committer::commit(TopicPartition of, std::uint64_t offset) {
  {
    const std::lock_guard lock(mutex_);
    auto& known = inbox(of.topic).partitions[of.partition];
    known.wanted = std::max(offset, known.wanted.value_or(0));
  }
  moved_.notify_all();
}

std::optional<std::uint64_t> Committer::committed(TopicPartition of) {
  const auto all = ask(of.topic);
  const auto found = all.find(of.partition);
  const std::lock_guard lock(mutex_);
  auto& known = inbox(of.topic).partitions[of.partition];
  if (found != all.end()) known.done = std::max(found->second, known.done.value_or(0));
  known.asked = true;
  return std::max(known.done, known.wanted);
}

Commits Committer::ask(Topic topic) {
  return asker_.ask(answer_max, [&](const Asker& asker, Within within) {
    return committed_of(asker, topic, layout_.partitions[static_cast<std::size_t>(topic)], within);
  });
}

void Committer::flush(Topic topic, Within within) {
  std::unique_lock lock(mutex_);
  moved_.wait_for(lock, within, [&] { return open(inbox(topic)).empty(); });
}

void Committer::go_by(Topic topic, Route route) {
  std::unique_lock lock(mutex_);
  moved_.wait(lock, [&] { return under_way_ != topic; });
  inbox(topic).route = std::move(route);
}

void Committer::forget(Topic topic) {
  const std::lock_guard lock(mutex_);
  inbox(topic).partitions.clear();
}

Commits Committer::open(const Inbox& inbox) {
  Commits result;
  for (const auto& [partition, known] : inbox.partitions) {
    if (known.wanted > known.done) result.emplace(partition, *known.wanted);
  }
  return result;
}

void Committer::run() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    bool all_well = true;
    bool any = false;
    for (std::size_t n = 0; n < topics_count; ++n) {
      if (open(inboxes_[n]).empty()) continue;
      any = true;
      all_well = turn(static_cast<Topic>(n), lock) && all_well;
    }
    moved_.notify_all();
    if (!all_well) {
      moved_.wait_for(lock, retry_every, [this] { return ended_; });
    } else if (!any) {
      moved_.wait_for(lock, serve_every);
    }
    asker_.serve();
  }
}

// Returns false if it is to be tried again, later.
bool Committer::turn(Topic topic, std::unique_lock<std::mutex>& lock) {
  if (!know(topic, lock)) return false;
  const auto sent = open(inbox(topic));
  if (sent.empty()) return true;
  const auto route = inbox(topic).route;
  under_way_ = topic;
  lock.unlock();
  int code = RD_KAFKA_RESP_ERR__FAIL;
  try {
    code = route ? route(sent) : asker_.ask(answer_max, [&](const Asker& asker, Within within) {
      return commit_from_outside(asker, topic, sent, within);
    });
  } catch (const LogError&) {  // no answer
  }
  lock.lock();
  under_way_.reset();
  moved_.notify_all();
  settle(topic, sent, code);
  return code == 0 || refused(code);
}

// An owner that began without state commits offsets that have been passed long ago.
bool Committer::know(Topic topic, std::unique_lock<std::mutex>& lock) {
  const auto& partitions = inbox(topic).partitions;
  if (std::all_of(partitions.begin(), partitions.end(), [](const auto& one) { return one.second.asked; })) return true;
  lock.unlock();
  std::optional<Commits> found;
  try {
    found = ask(topic);
  } catch (const LogError&) {  // no answer
  }
  lock.lock();
  if (!found) return false;
  for (auto& [partition, known] : inbox(topic).partitions) {
    known.asked = true;
    if (const auto one = found->find(partition); one != found->end())
      known.done = std::max(one->second, known.done.value_or(0));
  }
  return true;
}

void Committer::settle(Topic topic, const Commits& sent, int code) {
  for (const auto& [partition, offset] : sent) {
    const auto found = inbox(topic).partitions.find(partition);
    if (found == inbox(topic).partitions.end()) continue;
    auto& known = found->second;
    if (code == 0) known.done = std::max(offset, known.done.value_or(0));
    if (refused(code) && known.wanted == offset) known.wanted.reset();
  }
}

}  // namespace virtscale::kafka
