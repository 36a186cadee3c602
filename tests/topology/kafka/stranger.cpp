#include "tests/topology/kafka/stranger.hpp"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>

namespace virtscale {
namespace {

struct Destroy {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using Client = std::unique_ptr<rd_kafka_t, Destroy>;

Client connect(const std::string& bootstrap, const char* transactional_id) {
  std::array<char, 512> text{};
  auto* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap.c_str(), text.data(), text.size());
  if (transactional_id != nullptr)
    rd_kafka_conf_set(conf, "transactional.id", transactional_id, text.data(), text.size());
  return Client(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size()));
}

void expect_none(rd_kafka_error_t* error) {
  EXPECT_EQ(error, nullptr) << rd_kafka_error_string(error);
  if (error != nullptr) rd_kafka_error_destroy(error);
}

// Waits for the answer to what `ask` has asked for.
template <typename Ask>
void await(const Client& client, Ask ask) {
  const std::unique_ptr<rd_kafka_queue_t, Destroy> queue(rd_kafka_queue_new(client.get()));
  ask(queue.get());
  auto* const event = rd_kafka_queue_poll(queue.get(), 10'000);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_event_error_string(event);
  rd_kafka_event_destroy(event);
}

}  // namespace

void append_in_transaction(const std::string& bootstrap, const std::string& topic,
                           const std::vector<std::string>& values, Outcome outcome) {
  const auto client = connect(bootstrap, ("stranger of " + topic).c_str());
  expect_none(rd_kafka_init_transactions(client.get(), 20'000));
  expect_none(rd_kafka_begin_transaction(client.get()));
  for (const std::string& value : values)
    rd_kafka_producev(client.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(0),
                      RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
  rd_kafka_flush(client.get(), 10'000);
  expect_none(outcome == Outcome::committed ? rd_kafka_commit_transaction(client.get(), 20'000)
                                            : rd_kafka_abort_transaction(client.get(), 20'000));
}

void delete_records(const std::string& bootstrap, const std::string& topic, std::int64_t before) {
  const auto client = connect(bootstrap, nullptr);
  auto* const partitions = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(partitions, topic.c_str(), 0)->offset = before;
  auto* deletion = rd_kafka_DeleteRecords_new(partitions);
  await(client, [&](rd_kafka_queue_t* queue) { rd_kafka_DeleteRecords(client.get(), &deletion, 1, nullptr, queue); });
  rd_kafka_DeleteRecords_destroy(deletion);
  rd_kafka_topic_partition_list_destroy(partitions);
}

void alter_topic(const std::string& bootstrap, const std::string& topic, const std::string& name,
                 const std::string& value) {
  const auto client = connect(bootstrap, nullptr);
  auto* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  rd_kafka_ConfigResource_set_config(resource, name.c_str(), value.c_str());
  await(client, [&](rd_kafka_queue_t* queue) { rd_kafka_AlterConfigs(client.get(), &resource, 1, nullptr, queue); });
  rd_kafka_ConfigResource_destroy(resource);
}

}  // namespace virtscale
