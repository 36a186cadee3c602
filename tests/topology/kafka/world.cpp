// The world of the log on Kafka: topics of its own on the cluster of the tests.
#include "tests/topology/log/world.hpp"

#include <thread>

#include "tests/kafka/broker.hpp"
#include "topology/adapters/kafka/kafka_log.hpp"

namespace virtscale {
namespace {

class KafkaWorld final : public LogWorld {
 public:
  std::unique_ptr<Log> open(const LogLayout& layout, const Clock&) override {
    if (!made_) create_kafka_topics(options_, {.layout = layout, .replication = 1, .in_sync_min = 1});
    made_ = true;
    return open_kafka_log(options_, layout).log;
  }
  // The brokers' clock counts milliseconds, and goes on by itself.
  void pass_time(ManualClock&) override { std::this_thread::sleep_for(std::chrono::milliseconds(3)); }

 private:
  KafkaOptions options_{.bootstrap = *test_broker(), .prefix = test_prefix()};
  bool made_ = false;
};

std::unique_ptr<LogWorld> make_world() {
  return test_broker() ? std::make_unique<KafkaWorld>() : nullptr;
}

const auto kafka_world = testing::Values(NamedWorld{"Kafka", make_world});
const auto name_of_world = [](const auto& world) { return world.param.name; };

INSTANTIATE_TEST_SUITE_P(Kafka, LogConformance, kafka_world, name_of_world);
INSTANTIATE_TEST_SUITE_P(Kafka, PersistentLogConformance, kafka_world, name_of_world);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EmbeddedLogConformance);

}  // namespace
}  // namespace virtscale
