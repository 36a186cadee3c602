#include "topology/adapters/kafka/producer.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <vector>

namespace virtscale::kafka {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds farewell_max{2'000};
constexpr std::chrono::milliseconds room_every{10};
constexpr int poll_ms = 100;
constexpr int topic_known_ms = 1'000;  // after that its records wait in librdkafka

void* opaque_of(Ticket ticket) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(ticket));
}
Ticket ticket_of(const rd_kafka_message_t& message) {
  return static_cast<Ticket>(reinterpret_cast<std::uintptr_t>(message._private));
}

// Copied by librdkafka: its type serves both ways, and is not const.
std::vector<rd_kafka_message_t> messages_of(std::span<const Producer::Numbered> records) {
  std::vector<rd_kafka_message_t> messages(records.size());
  for (std::size_t n = 0; n < records.size(); ++n) {
    const auto& [record, ticket] = records[n];
    messages[n].payload = const_cast<std::byte*>(record->value.data());
    messages[n].len = record->value.size();
    messages[n].key = const_cast<char*>(record->key.data());
    messages[n].key_len = record->key.size();
    messages[n]._private = opaque_of(ticket);
  }
  return messages;
}

}  // namespace

Producer::Producer(Connection& connection, const LogLayout& layout, ProducerCalls calls)
    : connection_(connection), calls_(std::move(calls)) {
  ears_.delivered = [this](const rd_kafka_message_s& message) { delivered(message); };
  ears_.fatal = [this](const std::string& why) { fail(why); };
  client_ = connection_.open(Role::producer, {{"linger.ms", "0"}}, ears_);
  for (std::size_t n = 0; n < topics_count; ++n) {
    topics_[n].name = static_cast<Topic>(n);
    topics_[n].last.resize(layout.partitions[n]);
    topics_[n].end.resize(layout.partitions[n]);
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
  {
    const std::lock_guard waiting(mutex_);
    acknowledged_.resize(acknowledged_.size() + batch.size(), false);
  }
  std::vector<Numbered> records;
  records.reserve(batch.size());
  for (const auto& record : batch) records.push_back({&record, ++last_});
  // Partitions are independent of each other, and librdkafka takes many records of one at once for less.
  std::stable_sort(records.begin(), records.end(),
                   [](const Numbered& a, const Numbered& b) { return a.record->to < b.record->to; });
  for (std::span<const Numbered> rest(records); !rest.empty();) {
    const auto other =
        std::ranges::find_if(rest, [&](const Numbered& one) { return one.record->to != rest.front().record->to; });
    const auto count = static_cast<std::size_t>(other - rest.begin());
    send(rest.first(count));
    rest = rest.subspan(count);
  }
  return last_;
}

// librdkafka goes over all partitions of all its topics each time that it wakes, so it gets those that are written to.
void Producer::begin(Outgoing& topic) {
  auto* const conf = rd_kafka_topic_conf_new();
  rd_kafka_topic_conf_set_opaque(conf, &topic);
  topic.topic.reset(rd_kafka_topic_new(client_.get(), connection_.topic(topic.name).c_str(), conf));
  const rd_kafka_metadata_t* metadata = nullptr;  // or the first append to the topic waits for up to 1 s
  rd_kafka_metadata(client_.get(), 0, topic.topic.get(), &metadata, topic_known_ms);
  if (metadata != nullptr) rd_kafka_metadata_destroy(metadata);
}

void Producer::send(std::span<const Numbered> records) {
  const auto to = records.front().record->to;
  auto& topic = topics_[static_cast<std::size_t>(to.topic)];
  if (!topic.topic) begin(topic);
  topic.last[to.partition] = records.back().ticket;
  auto messages = messages_of(records);
  for (std::span rest(messages); !rest.empty();) {
    const auto taken = rd_kafka_produce_batch(topic.topic.get(), static_cast<std::int32_t>(to.partition),
                                              RD_KAFKA_MSG_F_COPY, rest.data(), static_cast<int>(rest.size()));
    rest = rest.subspan(static_cast<std::size_t>(taken));
    if (rest.empty()) return;
    // What is not taken because there is no room is the end of the batch; sizes, the other reason, are checked before.
    if (rest.front().err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      fail("an append to " + place_of(to) + " failed: " + words_for(rest.front().err));
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
  const auto& topic = *static_cast<const Outgoing*>(rd_kafka_topic_opaque(message.rkt));
  const TopicPartition to{topic.name, static_cast<std::uint32_t>(message.partition)};
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
