#include "topology/adapters/kafka/producer.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

namespace virtscale::kafka {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds farewell_max{2'000};
constexpr std::chrono::milliseconds room_every{10};
constexpr int poll_ms = 100;

void* opaque_of(Ticket ticket) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(ticket));
}
Ticket ticket_of(const rd_kafka_message_t& message) {
  return static_cast<Ticket>(reinterpret_cast<std::uintptr_t>(message._private));
}

}  // namespace

Producer::Producer(Connection& connection, const LogLayout& layout, ProducerCalls calls)
    : connection_(connection), calls_(std::move(calls)) {
  ears_.delivered = [this](const rd_kafka_message_s& message) { delivered(message); };
  ears_.fatal = [this](const std::string& why) { fail(why); };
  client_ = connection_.open(Role::producer, {{"linger.ms", "0"}}, ears_);
  for (std::size_t n = 0; n < topics_count; ++n) {
    auto& topic = topics_[n];
    topic.topic.reset(rd_kafka_topic_new(client_.get(), connection_.topic(static_cast<Topic>(n)).c_str(), nullptr));
    topic.last.resize(layout.partitions[n]);
    topic.end.resize(layout.partitions[n]);
  }
  thread_ = std::thread([this] { run(); });
}

Producer::~Producer() {
  try {
    wait(Clock::now() + farewell_max);
  } catch (const LogError&) {  // it has been told
  }
  ended_ = true;
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  thread_.join();
}

void Producer::run() {
  while (!ended_) {
    const Ticket before = durable_;
    rd_kafka_poll(client_.get(), poll_ms);
    if (durable_ == before) continue;
    moved_.notify_all();
    calls_.durable();
  }
}

Ticket Producer::append(std::span<const LogAppend> batch) {
  const std::lock_guard lock(order_);
  throw_if_failed();
  for (const auto& record : batch) send(record, ++last_);
  return last_;
}

void Producer::send(const LogAppend& record, Ticket ticket) {
  auto& topic = topics_[static_cast<std::size_t>(record.to.topic)];
  {
    const std::lock_guard lock(mutex_);
    acknowledged_.push_back(false);
  }
  topic.last[record.to.partition] = ticket;
  for (;;) {
    auto* const value = const_cast<std::byte*>(record.value.data());  // copied: librdkafka's type serves both ways
    if (rd_kafka_produce(topic.topic.get(), static_cast<std::int32_t>(record.to.partition), RD_KAFKA_MSG_F_COPY, value,
                         record.value.size(), record.key.data(), record.key.size(), opaque_of(ticket)) == 0)
      return;
    const auto code = rd_kafka_last_error();
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      fail("an append to " + place_of(record.to) + " failed: " + words_for(code));
      throw_if_failed();
    }
    wait_for_room();
  }
}

void Producer::wait_for_room() {
  std::unique_lock lock(mutex_);
  moved_.wait_for(lock, room_every);
  lock.unlock();
  throw_if_failed();
}

void Producer::delivered(const rd_kafka_message_s& message) {
  if (ended_) return;
  const auto topic = std::find_if(topics_.begin(), topics_.end(),
                                  [&message](const Outgoing& one) { return one.topic.get() == message.rkt; });
  const TopicPartition to{static_cast<Topic>(topic - topics_.begin()), static_cast<std::uint32_t>(message.partition)};
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail("an append to " + place_of(to) + " was not taken: " + words_for(message.err));
  acknowledge(to, ticket_of(message), static_cast<std::uint64_t>(message.offset));
}

void Producer::acknowledge(TopicPartition to, Ticket ticket, std::uint64_t offset) {
  topics_[static_cast<std::size_t>(to.topic)].end[to.partition] = offset + 1;
  const std::lock_guard lock(mutex_);
  acknowledged_[ticket - durable_ - 1] = true;
  while (!acknowledged_.empty() && acknowledged_.front()) {
    acknowledged_.pop_front();
    ++durable_;
  }
}

std::uint64_t Producer::acknowledged(TopicPartition of) const {
  return topics_[static_cast<std::size_t>(of.topic)].end[of.partition];
}

bool Producer::wait(Clock::time_point deadline) {
  return wait_until(deadline, last_);
}

bool Producer::wait_for(TopicPartition partition, Clock::time_point deadline) {
  return wait_until(deadline, topics_[static_cast<std::size_t>(partition.topic)].last[partition.partition]);
}

bool Producer::wait_until(Clock::time_point deadline, Ticket ticket) {
  std::unique_lock lock(mutex_);
  const auto over = [&] { return durable_ >= ticket || failed_; };
  deadline == forever ? moved_.wait(lock, over) : static_cast<void>(moved_.wait_until(lock, deadline, over));
  lock.unlock();
  throw_if_failed();
  return durable_ >= ticket;
}

void Producer::fail(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    if (failed_ || ended_) return;
    failure_ = "the log on kafka has failed: " + why +
               ". What was not acknowledged may be missing; the partitions of this process start again from their own "
               "state";
    failed_ = true;
  }
  moved_.notify_all();
  calls_.failed(failure());
}

std::string Producer::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Producer::throw_if_failed() const {
  if (failed_) throw LogError(failure());
}

}  // namespace virtscale::kafka
