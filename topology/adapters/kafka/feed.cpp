#include "topology/adapters/kafka/feed.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "topology/adapters/kafka/admin.hpp"

namespace virtscale::kafka {
namespace {

constexpr std::int64_t us_in_a_millisecond = 1'000;
// A queue that never held so many was not full, but of records of a mebibyte.
constexpr std::size_t flood_records = 16;
constexpr std::size_t look_every = 64;               // records
constexpr std::chrono::milliseconds wake_every{10};  // less than 16 MiB take to be read
constexpr int wake_ms = 1;                           // to ask; the answer does not matter

Trouble kind_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return Trouble::out_of_range;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
      return Trouble::lasting;
    default:
      return Trouble::passing;
  }
}

}  // namespace

Carrier::Carrier(Connection& connection) : connection_(connection) {
  // A real broker answers a fetch as soon as data comes, so waiting costs no latency; but a partition that joins a
  // client waits for the fetch that is under way.
  client_ = connection_.open(Role::consumer,
                             {{"fetch.wait.max.ms", "100"},
                              {"enable.partition.eof", "true"},
                              {"queued.max.messages.kbytes", "16384"},
                              {"queued.min.messages", "100000"}},
                             ears_);
  try {
    topics_seen({connection_, *client_}, answer_max);  // or the first fetch of a topic waits for up to 1 s
  } catch (const LogError&) {                          // then it waits
  }
}

void Carrier::serve() {
  rd_kafka_poll(client_.get(), 0);
}

Feed::Feed(Carrier& carrier, std::string topic, std::uint32_t partition, std::uint64_t offset, Wake wake,
           void* argument)
    : carrier_(carrier), topic_(std::move(topic)), partition_(partition), next_(offset), seen_(offset) {
  auto& handle = carrier_.topics_[topic_];
  if (!handle) handle.reset(rd_kafka_topic_new(carrier_.client_.get(), topic_.c_str(), nullptr));
  handle_ = handle.get();
  queue_.reset(rd_kafka_queue_new(carrier_.client_.get()));
  if (wake != nullptr) rd_kafka_queue_cb_event_enable(queue_.get(), wake, argument);
  if (rd_kafka_consume_start_queue(handle_, static_cast<std::int32_t>(partition_), static_cast<std::int64_t>(offset),
                                   queue_.get()) != 0)
    throw LogError("cannot read " + topic_ + " partition " + std::to_string(partition_) + ": " +
                   words_for(rd_kafka_last_error()));
  carrier_.carried_.emplace(topic_, partition_);
}

Feed::~Feed() {
  rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
  rd_kafka_consume_stop(handle_, static_cast<std::int32_t>(partition_));
  carrier_.carried_.erase({topic_, partition_});
}

std::size_t Feed::read(TopicPartition from, std::uint64_t offset, std::size_t records_max, std::uint64_t end,
                       std::chrono::milliseconds patience, const std::function<bool(const LogRecord&)>& visit) {
  std::size_t visited = 0;
  auto message = offset == next_ ? Message() : std::move(stopped_at_);
  stopped_at_.reset();
  while (visited < records_max && !trouble_) {
    if (!message && seen_ >= end) break;
    if (!message) message.reset(rd_kafka_consume_queue(queue_.get(), static_cast<int>(patience.count())));
    if (!message) break;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      note_error(*message);
      message.reset();
      continue;
    }
    if (++visited % look_every == 0) keep_fetching();
    if (!show(from, std::move(message), visit)) break;
  }
  if (visited > 0) keep_fetching();
  return visited;
}

// librdkafka 2.0.2 fetches nothing for a partition whose queue is full, and when that is so for all that a broker leads
// its thread sleeps for up to a second, whatever is taken out meanwhile. Any question to the broker wakes the thread.
void Feed::keep_fetching() {
  const auto waiting = rd_kafka_queue_length(queue_.get());
  most_waiting_ = std::max(most_waiting_, waiting);
  if (most_waiting_ < flood_records || waiting > most_waiting_ / 4) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < woken_at_ + wake_every || told_end().value_or(0) <= next_ + waiting) return;
  woken_at_ = now;
  most_waiting_ = waiting;
  std::int64_t low = 0;
  std::int64_t high = 0;
  rd_kafka_query_watermark_offsets(carrier_.client_.get(), topic_.c_str(), static_cast<std::int32_t>(partition_), &low,
                                   &high, wake_ms);
}

bool Feed::show(TopicPartition from, Message message, const std::function<bool(const LogRecord&)>& visit) {
  const auto offset = static_cast<std::uint64_t>(message->offset);
  next_ = seen_ = offset + 1;
  ended_ = false;
  heard_ = true;
  rd_kafka_timestamp_type_t type{};
  const Instant at{rd_kafka_message_timestamp(message.get(), &type) * us_in_a_millisecond};
  const auto* const value = static_cast<const std::byte*>(message->payload);
  // What Kafka shows is on all in-sync replicas: durable, whatever the ticket.
  const LogRecord record{
      from, offset, at, {static_cast<const char*>(message->key), message->key_len}, {value, message->len}, 0};
  stopped_offset_ = offset;
  stopped_at_ = std::move(message);
  if (!visit(record)) return false;
  stopped_at_.reset();
  return true;
}

void Feed::note_error(const rd_kafka_message_s& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    ended_ = true;
    heard_ = true;
    seen_ = std::max(seen_.load(), static_cast<std::uint64_t>(message.offset));
    return;
  }
  trouble_ = FeedTrouble{kind_of(message.err), words_for(message.err) + " (" + rd_kafka_message_errstr(&message) + ")"};
}

bool Feed::at_end() const {
  return ended_ && !has_waiting();
}

bool Feed::has_waiting() const {
  return rd_kafka_queue_length(queue_.get()) > 0;
}

std::optional<std::uint64_t> Feed::told_end() const {
  if (!heard_) return std::nullopt;  // the client's own figure may be of a feed before this one
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto code = rd_kafka_get_watermark_offsets(carrier_.client_.get(), topic_.c_str(),
                                                   static_cast<std::int32_t>(partition_), &low, &high);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return static_cast<std::uint64_t>(high);
}

}  // namespace virtscale::kafka
