// A log on the test's cluster, with topics of the test's own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "tests/kafka/broker.hpp"
#include "tests/topology/log/records.hpp"
#include "topology/adapters/kafka/kafka_log.hpp"

namespace virtscale {

class KafkaTest : public testing::Test {
 protected:
  static constexpr TopicPartition alerts_{Topic::alerts, 0};

  void SetUp() override {
    if (!test_broker()) VIRTSCALE_SKIP_WITHOUT_BROKER();
    options_.bootstrap = *test_broker();
    EXPECT_THAT(create_kafka_topics(options_, topics_), testing::IsEmpty());
  }

  OpenedKafkaLog open() const { return open_kafka_log(options_, topics_.layout); }
  OpenedKafkaLog open_as(const std::string& member) const {
    KafkaOptions options = options_;
    options.member = member;
    options.url = "http://" + member + ".example:7072";
    return open_kafka_log(options, topics_.layout);
  }
  std::string topic(Topic topic) const { return options_.prefix + std::string(name_of(topic)); }

  static bool soon(const std::function<bool()>& happens) {
    for (int n = 0; n < 2'000; ++n) {
      if (happens()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  /// What `act` complains of; empty if it does not.
  static std::string complaint(const std::function<void()>& act) {
    try {
      act();
      return "";
    } catch (const LogError& error) {
      return error.what();
    }
  }

  KafkaOptions options_{.bootstrap = {}, .prefix = test_prefix()};
  KafkaTopicOptions topics_{.layout = {.partitions = {4, 1, 1, 1, 1, 1, 1}}, .replication = 1, .in_sync_min = 1};
};

}  // namespace virtscale
