#include "tests/bench/kafka/raw_kafka.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace virtscale::bench {
namespace {

constexpr std::size_t error_bytes_max = 512;
constexpr int poll_ms = 50;
constexpr int flush_ms = 60'000;
constexpr int answer_ms = 10'000;

using Settings = std::initializer_list<std::pair<const char*, std::string>>;

void acknowledged(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  std::fprintf(stderr, "bench: a record was not taken: %s\n", rd_kafka_err2str(message->err));
  std::abort();
}

rd_kafka_t* open(rd_kafka_type_t type, const Settings& settings) {
  std::array<char, error_bytes_max> text{};
  auto* const conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK)
      throw LogError(std::string("librdkafka: ") + text.data());
  }
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, acknowledged);
  auto* const client = rd_kafka_new(type, conf, text.data(), text.size());
  if (client == nullptr) throw LogError(std::string("librdkafka: ") + text.data());
  return client;
}

/// Makes the client know the topic, or its first record, or fetch, waits for up to a second.
void look_up(rd_kafka_t* client, rd_kafka_topic_t* topic, const std::string& name) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client, 0, topic, &metadata, answer_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw LogError("the broker does not tell about " + name);
  rd_kafka_metadata_destroy(metadata);
}

}  // namespace

RawProducer::RawProducer(const std::string& bootstrap)
    : client_(open(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap},
                                       {"acks", "all"},
                                       {"enable.idempotence", "true"},
                                       {"socket.nagle.disable", "true"},
                                       {"linger.ms", "0"}})) {}

RawProducer::~RawProducer() {
  rd_kafka_flush(client_, flush_ms);
  for (const auto& [name, topic] : topics_) rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(client_);
}

rd_kafka_topic_t* RawProducer::topic(const std::string& name) {
  auto& found = topics_[name];
  if (found != nullptr) return found;
  found = rd_kafka_topic_new(client_, name.c_str(), nullptr);
  look_up(client_, found, name);
  return found;
}

void RawProducer::produce(const std::string& name, std::uint32_t partition, std::string_view key, Bytes value) {
  auto* const to = topic(name);
  while (rd_kafka_produce(to, static_cast<std::int32_t>(partition), RD_KAFKA_MSG_F_COPY,
                          const_cast<std::byte*>(value.data()), value.size(), key.data(), key.size(), nullptr) != 0) {
    if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) throw LogError(rd_kafka_err2str(rd_kafka_last_error()));
    rd_kafka_poll(client_, poll_ms);
  }
  rd_kafka_poll(client_, 0);
}

void RawProducer::flush() {
  if (rd_kafka_flush(client_, flush_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw LogError("the broker has not acknowledged everything within a minute");
}

void RawProducer::remove_topics_of(const std::string& prefix) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client_, 1, nullptr, &metadata, answer_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  std::vector<rd_kafka_DeleteTopic_t*> topics;
  for (int n = 0; n < metadata->topic_cnt; ++n) {
    const std::string name = metadata->topics[n].topic;
    if (name.starts_with(prefix)) topics.push_back(rd_kafka_DeleteTopic_new(name.c_str()));
  }
  rd_kafka_metadata_destroy(metadata);
  auto* const queue = rd_kafka_queue_new(client_);
  rd_kafka_DeleteTopics(client_, topics.data(), topics.size(), nullptr, queue);
  auto* const answer = rd_kafka_queue_poll(queue, answer_ms);
  if (answer != nullptr) rd_kafka_event_destroy(answer);
  rd_kafka_queue_destroy(queue);
  rd_kafka_DeleteTopic_destroy_array(topics.data(), topics.size());
}

RawReader::RawReader(const std::string& bootstrap, const std::string& topic, std::uint32_t partitions, Visit visit)
    : visit_(std::move(visit)),
      client_(open(RD_KAFKA_CONSUMER, {{"bootstrap.servers", bootstrap},
                                       {"group.id", "bench"},
                                       {"enable.auto.commit", "false"},
                                       {"isolation.level", "read_committed"},
                                       {"socket.nagle.disable", "true"},
                                       {"fetch.wait.max.ms", "100"},
                                       {"queued.min.messages", "1000000"}})) {
  rd_kafka_poll_set_consumer(client_);
  auto* const known = rd_kafka_topic_new(client_, topic.c_str(), nullptr);
  look_up(client_, known, topic);
  rd_kafka_topic_destroy(known);
  auto* const all = rd_kafka_topic_partition_list_new(static_cast<int>(partitions));
  for (std::uint32_t p = 0; p < partitions; ++p)
    rd_kafka_topic_partition_list_add(all, topic.c_str(), static_cast<std::int32_t>(p))->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(client_, all);
  rd_kafka_topic_partition_list_destroy(all);
  thread_ = std::thread([this] { run(); });
}

RawReader::~RawReader() {
  ended_ = true;
  thread_.join();
  rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void RawReader::run() {
  while (!ended_) {
    auto* const message = rd_kafka_consumer_poll(client_, poll_ms);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_timestamp_type_t type{};
      visit_({.from = {{}, static_cast<std::uint32_t>(message->partition)},
              .offset = static_cast<std::uint64_t>(message->offset),
              .timestamp = {rd_kafka_message_timestamp(message, &type) * 1'000},
              .key = {static_cast<const char*>(message->key), message->key_len},
              .value = {static_cast<const std::byte*>(message->payload), message->len}});
    }
    rd_kafka_message_destroy(message);
  }
}

}  // namespace virtscale::bench
