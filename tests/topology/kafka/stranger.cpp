#include "tests/topology/kafka/stranger.hpp"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

namespace virtscale {
namespace {

struct Destroy {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_ConfigResource_t* resource) const { rd_kafka_ConfigResource_destroy(resource); }
};
using Client = std::unique_ptr<rd_kafka_t, Destroy>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroy>;
using Settings = std::unique_ptr<rd_kafka_ConfigResource_t, Destroy>;

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

// The answer to what `ask` has asked for.
template <typename Ask>
Event await(const Client& client, Ask ask) {
  const std::unique_ptr<rd_kafka_queue_t, Destroy> queue(rd_kafka_queue_new(client.get()));
  ask(queue.get());
  Event event(rd_kafka_queue_poll(queue.get(), 10'000));
  if (event == nullptr) throw std::runtime_error("the broker does not answer within 10 s");
  EXPECT_EQ(rd_kafka_event_error(event.get()), RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_event_error_string(event.get());
  return event;
}

Settings settings_of(const std::string& topic) {
  return Settings(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
}

std::string setting_now(const Client& client, const std::string& topic, const std::string& name) {
  const auto settings = settings_of(topic);
  auto* asked = settings.get();
  const auto event = await(
      client, [&](rd_kafka_queue_t* queue) { rd_kafka_DescribeConfigs(client.get(), &asked, 1, nullptr, queue); });
  std::size_t count = 0;
  const auto* const result = rd_kafka_event_DescribeConfigs_result(event.get());
  const auto* const told = rd_kafka_DescribeConfigs_result_resources(result, &count)[0];
  const auto* const* const entries = rd_kafka_ConfigResource_configs(told, &count);
  for (std::size_t n = 0; n < count; ++n) {
    if (name == rd_kafka_ConfigEntry_name(entries[n])) return rd_kafka_ConfigEntry_value(entries[n]);
  }
  return {};
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
  const auto settings = settings_of(topic);
  rd_kafka_ConfigResource_set_config(settings.get(), name.c_str(), value.c_str());
  auto* altered = settings.get();
  await(client, [&](rd_kafka_queue_t* queue) { rd_kafka_AlterConfigs(client.get(), &altered, 1, nullptr, queue); });
  // The controller answers before the broker has heard of it.
  for (int n = 0; n < 1'000 && setting_now(client, topic, name) != value; ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace virtscale
