// The topics of a log: made, and compared with what they should be.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <map>
#include <thread>

#include "topology/adapters/kafka/admin.hpp"
#include "topology/adapters/kafka/layout_record.hpp"

namespace virtscale {
namespace kafka {
namespace {

constexpr Within brokers_max{10'000};
constexpr Within making_max{30'000};
constexpr Within look_every{100};

struct WantedTopic {
  std::string name;
  std::uint32_t partitions = 1;
  std::uint16_t replication = 1;
  std::map<std::string, std::string> settings;
};

/// The settings that every topic of a log must have, and why the brokers' own will not do.
std::map<std::string, std::string> settings_of(const KafkaTopicOptions& options, const std::string& cleanup) {
  return {{"cleanup.policy", cleanup},
          {"retention.ms", "-1"},  // the log is the truth: nothing of it goes by itself
          {"retention.bytes", "-1"},
          {"min.insync.replicas", std::to_string(options.in_sync_min)},
          {"unclean.leader.election.enable", "false"},  // or acknowledged records go
          {"message.timestamp.type", "LogAppendTime"},  // no producer's clock is trusted
          {"max.message.bytes", "1153434"},             // 1.1 MiB: record_bytes_max and the batch's own bytes
          {"compression.type", "producer"}};
}

std::vector<WantedTopic> wanted_topics(const Connection& connection, const KafkaTopicOptions& options) {
  std::vector<WantedTopic> wanted;
  for (std::size_t n = 0; n < topics_count; ++n)
    wanted.push_back({connection.topic(static_cast<Topic>(n)), options.layout.partitions[n], options.replication,
                      settings_of(options, "delete")});
  wanted.push_back({connection.layout_topic(), 1, options.replication, settings_of(options, "compact")});
  return wanted;
}

/// A client to ask with.
class Asking {
 public:
  explicit Asking(const KafkaOptions& options) : connection_(options) {
    client_ = connection_.open(Role::producer, {}, ears_);
  }
  Asker asker() { return {connection_, *client_}; }
  Connection& connection() { return connection_; }

 private:
  Connection connection_;
  Ears ears_{.delivered = [](const rd_kafka_message_s&) {}};
  Client client_;
};

using NewTopics = std::vector<rd_kafka_NewTopic_t*>;

rd_kafka_NewTopic_t* new_topic(const WantedTopic& topic) {
  std::array<char, 256> text{};
  auto* const made = rd_kafka_NewTopic_new(topic.name.c_str(), static_cast<int>(topic.partitions), topic.replication,
                                           text.data(), text.size());
  if (made == nullptr) throw LogError("cannot make topic " + topic.name + ": " + text.data());
  for (const auto& [name, value] : topic.settings) rd_kafka_NewTopic_set_config(made, name.c_str(), value.c_str());
  return made;
}

void make(const Asker& asker, const std::vector<WantedTopic>& missing) {
  NewTopics made;
  for (const auto& topic : missing) made.push_back(new_topic(topic));
  const auto event = ask(asker, making_max, "does not make topics", [&](const auto* options, auto* answers) {
    rd_kafka_CreateTopics(&asker.client, made.data(), made.size(), options, answers);
  });
  for (auto* const one : made) rd_kafka_NewTopic_destroy(one);
  std::size_t count = 0;
  const auto* const result = rd_kafka_event_CreateTopics_result(event.get());
  const auto* const* const topics = rd_kafka_CreateTopics_result_topics(result, &count);
  for (std::size_t n = 0; n < count; ++n) {
    const auto code = rd_kafka_topic_result_error(topics[n]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    const auto* const why = rd_kafka_topic_result_error_string(topics[n]);
    throw LogError(std::string("cannot make topic ") + rd_kafka_topic_result_name(topics[n]) + ": " +
                   (why != nullptr ? why : words_for(code)));
  }
}

// A topic that was just made has no leader for a moment.
void await(const Asker& asker, const std::vector<WantedTopic>& wanted) {
  for (const auto until = std::chrono::steady_clock::now() + making_max;; std::this_thread::sleep_for(look_every)) {
    const auto seen = topics_seen(asker, brokers_max);
    const auto absent = std::find_if(wanted.begin(), wanted.end(), [&seen](const WantedTopic& topic) {
      const auto found = seen.find(topic.name);
      return found == seen.end() || !found->second.led;
    });
    if (absent == wanted.end()) return;
    if (std::chrono::steady_clock::now() > until)
      throw LogError("topic " + absent->name + " has no leader 30 s after it was made: look at the brokers' logs");
  }
}

void make_missing(const Asker& asker, const std::vector<WantedTopic>& wanted) {
  const auto seen = topics_seen(asker, brokers_max);
  std::vector<WantedTopic> missing;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(missing),
               [&seen](const WantedTopic& topic) { return !seen.contains(topic.name); });
  if (missing.empty()) return;
  make(asker, missing);
  await(asker, wanted);
}

struct FreeResource {
  void operator()(rd_kafka_ConfigResource_t* resource) const { rd_kafka_ConfigResource_destroy(resource); }
};

std::map<std::string, std::string> settings_there(const Asker& asker, const std::string& topic) {
  const std::unique_ptr<rd_kafka_ConfigResource_t, FreeResource> question(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  auto* asked = question.get();
  const auto event =
      ask(asker, brokers_max, "does not tell the settings of " + topic, [&](const auto* options, auto* answers) {
        rd_kafka_DescribeConfigs(&asker.client, &asked, 1, options, answers);
      });
  std::map<std::string, std::string> settings;
  std::size_t count = 0;
  const auto* const result = rd_kafka_event_DescribeConfigs_result(event.get());
  const auto* const resource = rd_kafka_DescribeConfigs_result_resources(result, &count)[0];
  if (rd_kafka_ConfigResource_error(resource) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw LogError("cannot read the settings of " + topic + ": " + rd_kafka_ConfigResource_error_string(resource));
  const auto* const* const entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (std::size_t n = 0; n < count; ++n) {
    const auto* const value = rd_kafka_ConfigEntry_value(entries[n]);
    settings[rd_kafka_ConfigEntry_name(entries[n])] = value != nullptr ? value : "";
  }
  return settings;
}

void compare_settings(const Asker& asker, const WantedTopic& topic, std::vector<TopicDifference>& differences) {
  const auto there = settings_there(asker, topic.name);
  for (const auto& [name, value] : topic.settings) {
    const auto found = there.find(name);
    const std::string is = found == there.end() ? "" : found->second;
    if (is != value)
      differences.push_back("topic " + topic.name + ": " + name + " is " + is + ", and should be " + value +
                            ": kafka-configs --alter --entity-type topics --entity-name " + topic.name +
                            " --add-config " + name + "=" + value);
  }
}

void compare(const Asker& asker, const WantedTopic& topic, const std::map<std::string, TopicSeen>& seen,
             std::vector<TopicDifference>& differences) {
  const auto found = seen.find(topic.name);
  if (found == seen.end()) {
    differences.push_back("topic " + topic.name + " is missing: `virtscale topics create` makes it");
    return;
  }
  const auto& [partitions, replicas, led] = found->second;
  if (partitions != topic.partitions)
    differences.push_back("topic " + topic.name + ": partitions are " + std::to_string(partitions) +
                          ", and should be " + std::to_string(topic.partitions) +
                          ": set the number in the settings, since keys that are in the log cannot move");
  if (replicas != topic.replication)
    differences.push_back("topic " + topic.name + ": replication is " + std::to_string(replicas) + ", and should be " +
                          std::to_string(topic.replication) +
                          ": kafka-reassign-partitions changes it, or set it in the settings");
  if (!led) differences.push_back("topic " + topic.name + ": a partition has no leader: look at the brokers' logs");
  compare_settings(asker, topic, differences);
}

std::vector<TopicDifference> check(Asking& asking, const KafkaTopicOptions& topics) {
  const auto asker = asking.asker();
  const auto seen = topics_seen(asker, brokers_max);
  std::vector<TopicDifference> found;
  for (const auto& topic : wanted_topics(asking.connection(), topics)) compare(asker, topic, seen, found);
  const auto name = asking.connection().layout_topic();
  if (!seen.contains(name)) return found;
  const auto record = read_layout(asking.connection(), asker);
  if (!record) {
    found.push_back("topic " + name + ": the log's layout is missing: `virtscale topics create` writes it");
    return found;
  }
  for (const auto& difference : differences(record->layout, topics.layout))
    found.push_back("topic " + name + ": " + difference + ": set it in the settings, since the log was made so");
  return found;
}

}  // namespace
}  // namespace kafka

std::vector<TopicDifference> create_kafka_topics(const KafkaOptions& options, const KafkaTopicOptions& topics) {
  kafka::Asking asking(options);
  auto& connection = asking.connection();
  kafka::make_missing(asking.asker(), kafka::wanted_topics(connection, topics));
  if (!kafka::read_layout(connection, asking.asker()))
    kafka::write_layout(connection, {topics.layout, kafka::draw_identity()});
  return kafka::check(asking, topics);
}

std::vector<TopicDifference> check_kafka_topics(const KafkaOptions& options, const KafkaTopicOptions& topics) {
  kafka::Asking asking(options);
  return kafka::check(asking, topics);
}

}  // namespace virtscale
