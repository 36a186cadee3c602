// The example producers as others would run them: what they write to a real broker is what signal takes.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "schemas/codec.hpp"
#include "tests/kafka/broker.hpp"
#include "topology/host/admission.hpp"

namespace virtscale {
namespace {

constexpr std::uint32_t partitions = 6;
constexpr std::chrono::seconds patience{30};

/// A record that outlives the client that read it.
struct Kept {
  std::uint32_t partition;
  std::uint64_t offset;
  std::string key;
  std::vector<std::byte> value;
};

/// What CMakeLists.txt says in the environment.
std::string told(const char* name) {
  const char* value = std::getenv(name);
  EXPECT_NE(value, nullptr) << name << " is not set: run this by ctest";
  return value == nullptr ? "" : value;
}

// `assign` asks for a group, though nothing is committed to it.
rd_kafka_conf_t* conf_of(const std::string& bootstrap) {
  auto* conf = rd_kafka_conf_new();
  char why[512];
  rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap.c_str(), why, sizeof(why));
  rd_kafka_conf_set(conf, "group.id", test_prefix().c_str(), why, sizeof(why));
  rd_kafka_conf_set(conf, "enable.auto.commit", "false", why, sizeof(why));
  return conf;
}

/// A topic like `alerts`, of this test alone.
class ExampleProducers : public testing::Test {
 protected:
  void SetUp() override {
    if (!test_broker()) VIRTSCALE_SKIP_WITHOUT_BROKER();
    bootstrap_ = *test_broker();
    char why[512];
    client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf_of(bootstrap_), why, sizeof(why)));
    ASSERT_TRUE(client_) << why;
    make_topic();
  }

  void make_topic() {
    char why[512];
    auto* topic = rd_kafka_NewTopic_new(topic_.c_str(), partitions, 1, why, sizeof(why));
    auto* answers = rd_kafka_queue_new(client_.get());
    rd_kafka_CreateTopics(client_.get(), &topic, 1, nullptr, answers);
    auto* answer = rd_kafka_queue_poll(answers, 30'000);
    EXPECT_NE(answer, nullptr);
    EXPECT_EQ(rd_kafka_event_error(answer), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(answer);
    rd_kafka_queue_destroy(answers);
    rd_kafka_NewTopic_destroy(topic);
  }

  /// Runs a producer for each key; true if all end in 0.
  bool run(const std::string& program, const std::vector<std::string>& keys) {
    for (const auto& key : keys) {
      const auto line = program + " " + bootstrap_ + " " + topic_ + " " + key + " busy 72.4";
      const int status = std::system(line.c_str());
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return false;
    }
    return true;
  }

  /// Reads the topic until it has given `count` records.
  std::vector<Kept> read(std::size_t count) {
    auto* list = rd_kafka_topic_partition_list_new(partitions);
    for (std::uint32_t p = 0; p < partitions; ++p) {
      rd_kafka_topic_partition_list_add(list, topic_.c_str(), static_cast<std::int32_t>(p))->offset = 0;
    }
    EXPECT_EQ(rd_kafka_poll_set_consumer(client_.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_EQ(rd_kafka_assign(client_.get(), list), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    std::vector<Kept> found;
    const auto end = std::chrono::steady_clock::now() + patience;
    while (found.size() < count && std::chrono::steady_clock::now() < end) keep_next(found);
    return found;
  }

  void keep_next(std::vector<Kept>& found) {
    const std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)> message(
        rd_kafka_consumer_poll(client_.get(), 200), rd_kafka_message_destroy);
    if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const auto* key = static_cast<const char*>(message->key);
    const auto* value = static_cast<const std::byte*>(message->payload);
    found.push_back({static_cast<std::uint32_t>(message->partition),
                     static_cast<std::uint64_t>(message->offset),
                     {key, key + message->key_len},
                     {value, value + message->len}});
  }

  /// Each record is admitted to signal's inbox as the alert that was asked for.
  void expect_alerts(const std::vector<std::string>& keys) {
    const AllowedEvents allowed(Topic::alerts);
    const auto records = read(keys.size());
    ASSERT_EQ(records.size(), keys.size());
    std::set<std::string> seen;
    std::set<EventId> ids;
    for (const auto& record : records) {
      std::string reason;
      const auto* event = admit({.from = {Topic::alerts, record.partition},
                                 .offset = record.offset,
                                 .timestamp = {},
                                 .key = record.key,
                                 .value = record.value},
                                allowed, partitions, reason);
      ASSERT_NE(event, nullptr) << record.key << ": " << reason;
      const auto* alert = event->body_as_AlertRaised();
      ASSERT_NE(alert, nullptr);
      EXPECT_EQ(event->org()->str() + "/" + alert->service()->str(), record.key);
      EXPECT_EQ(alert->name()->str(), "busy");
      EXPECT_EQ(alert->value_milli(), 72'400);
      EXPECT_EQ(alert->queue_depth(), -1) << "what is not given is not known";
      EXPECT_GT(alert->starts_at_us(), 1'600'000'000'000'000);
      seen.insert(record.key);
      EXPECT_TRUE(ids.insert(id_of(event->header()->id())).second) << "an id twice";
    }
    EXPECT_EQ(seen.size(), keys.size());
  }

  // Enough that another partitioner could not agree by chance.
  const std::vector<std::string> keys_ = {"shop/web", "shop/api", "acme-tickets/web", "a/b", "north/mail", "zoo/db-1"};
  const std::string topic_ = test_prefix() + "alerts";
  std::string bootstrap_;
  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client_{nullptr, rd_kafka_destroy};
};

TEST_F(ExampleProducers, TheOneInCppIsTaken) {
  ASSERT_TRUE(run(told("EXAMPLE_CPP"), keys_));
  expect_alerts(keys_);
}

TEST_F(ExampleProducers, TheOneInPythonIsTaken) {
  const std::filesystem::path made = told("EXAMPLE_PYTHON");
  if (!std::filesystem::exists(made / "ready")) {
    GTEST_SKIP() << "the example's packages are not installed: it takes a network, once";
  }
  const auto python = "PYTHONPATH=" + (made / "generated").string() + " " + (made / "venv/bin/python").string();
  ASSERT_TRUE(run(python + " -B compose/examples/python/alert.py", keys_));
  expect_alerts(keys_);
}

TEST_F(ExampleProducers, SayWhatIsWrong) {
  EXPECT_FALSE(run(told("EXAMPLE_CPP"), {"no-slash"}));
}

}  // namespace
}  // namespace virtscale
