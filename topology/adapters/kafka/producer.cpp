#include "topology/adapters/kafka/producer.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <vector>

namespace virtscale::kafka {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds farewell_max{2'000};
constexpr int poll_ms = 100;
constexpr int topic_known_ms = 1'000;  // after that its records wait in librdkafka
constexpr std::size_t unacknowledged_bytes_max = 64 << 20;
// What a record takes beside its key and value, so that the smallest are bounded, too.
constexpr std::size_t record_own_bytes = 64;

std::size_t bytes_of(const LogAppend& record) {
  return record.key.size() + record.value.size() + record_own_bytes;
}
std::size_t bytes_of(const rd_kafka_message_t& message) {
  return message.key_len + message.len + record_own_bytes;
}

}  // namespace

Producer::Producer(Connection& connection, const LogLayout& layout, ProducerCalls calls)
    : connection_(connection), calls_(std::move(calls)) {
  ears_.delivered = [this](const rd_kafka_message_s& message) { delivered(message); };
  ears_.fatal = [this](const std::string& why) { fail(why); };
  client_ = connection_.open(Role::producer, {{"linger.ms", "0"}}, ears_);
  for (std::size_t n = 0; n < topics_count; ++n) {
    topics_[n].name = static_cast<Topic>(n);
    topics_[n].partitions.resize(layout.partitions[n]);
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
  for (auto& topic : topics_) topic.topic.reset();
  client_.reset();  // before the outlets, where what it may still send lies
}

void Producer::run() {
  while (!ended_) {
    const Ticket before = durable_;
    rd_kafka_poll(client_.get(), poll_ms);
    if (heard_.empty()) continue;
    moved_.notify_all();
    if (durable_ != before) calls_.durable();
    give_more();  // last: it may take a millisecond
  }
}

void Producer::give_more() {
  for (const auto to : std::exchange(heard_, {})) {
    try {
      auto& heard = partition(to);
      heard.outlet.acknowledged(*topics_[static_cast<std::size_t>(to.topic)].topic, to.partition,
                                std::exchange(heard.news, 0));
    } catch (const LogError& error) {
      fail("an append to " + place_of(to) + " failed: " + error.what());
    }
  }
}

Ticket Producer::append(std::span<const LogAppend> batch) {
  const std::lock_guard lock(order_);
  wait_for_room();
  {
    const std::lock_guard waiting(mutex_);
    acknowledged_.resize(acknowledged_.size() + batch.size(), false);
    for (const auto& record : batch) unacknowledged_bytes_ += bytes_of(record);
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
  auto& goal = partition(to);
  goal.last = records.back().ticket;
  try {
    goal.outlet.append(*topic.topic, to.partition, records);
  } catch (const LogError& error) {
    fail("an append to " + place_of(to) + " failed: " + error.what());
    throw_if_failed();
  }
}

void Producer::wait_for_room() {
  std::unique_lock lock(mutex_);
  moved_.wait(lock, [&] { return unacknowledged_bytes_ < unacknowledged_bytes_max || failed_; });
  lock.unlock();
  throw_if_failed();
}

void Producer::delivered(const rd_kafka_message_s& message) {
  if (ended_) return;
  const auto& topic = *static_cast<const Outgoing*>(rd_kafka_topic_opaque(message.rkt));
  const TopicPartition to{topic.name, static_cast<std::uint32_t>(message.partition)};
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail("an append to " + place_of(to) + " was not taken: " + words_for(message.err));
  auto& its = partition(to);
  if (its.news++ == 0) heard_.push_back(to);
  acknowledge(its, message);
}

void Producer::acknowledge(Partition& partition, const rd_kafka_message_s& message) {
  partition.end = static_cast<std::uint64_t>(message.offset) + 1;
  const std::lock_guard lock(mutex_);
  unacknowledged_bytes_ -= bytes_of(message);
  acknowledged_[ticket_of(message) - durable_ - 1] = true;
  while (!acknowledged_.empty() && acknowledged_.front()) {
    acknowledged_.pop_front();
    ++durable_;
  }
}

std::uint64_t Producer::acknowledged(TopicPartition of) const {
  return topics_[static_cast<std::size_t>(of.topic)].partitions[of.partition].end;
}

bool Producer::wait(Clock::time_point deadline) {
  return wait_until(deadline, last_);
}

bool Producer::wait_for(TopicPartition partition, Clock::time_point deadline) {
  return wait_until(deadline, this->partition(partition).last);
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
