#include "compose/cli/topics.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "compose/cli/printing.hpp"
#include "compose/settings/cluster.hpp"
#include "topology/adapters/kafka/kafka_log.hpp"

namespace virtscale::cli {
namespace json = boost::json;
namespace {

using Differences = std::vector<TopicDifference>;
using Compare = Differences (*)(const KafkaOptions&, const KafkaTopicOptions&);

std::string described(const Settings& settings) {
  std::string topics;
  for (std::size_t i = 0; i < topics_count; ++i) {
    topics += fmt::format("{}{}{} ({})", i == 0 ? "" : ", ", settings.kafka.prefix, topic_names[i],
                          settings.layout.partitions[i]);
  }
  return topics;
}

Exit compare(const Context& context, const std::string& config_file, Compare how) {
  const auto settings = read_cluster_settings(config_file);
  const auto& kafka = settings.kafka;
  const auto differences =
      how({.bootstrap = kafka.bootstrap, .prefix = kafka.prefix, .properties = kafka.properties},
          {.layout = settings.layout, .replication = kafka.replication, .in_sync_min = kafka.in_sync_min});
  if (context.format == Format::json) {
    json::array all;
    for (const auto& difference : differences) all.push_back(json::value(difference));
    print_json(json::object{{"bootstrap", kafka.bootstrap}, {"differences", std::move(all)}});
  } else if (differences.empty()) {
    fmt::print("as the settings say: {}; replication {}, at least {} in sync, kept for ever\n", described(settings),
               kafka.replication, kafka.in_sync_min);
  }
  if (context.format == Format::text) {
    for (const auto& difference : differences) fmt::print(stderr, "virtscale: {}\n", difference);
  }
  return differences.empty() ? Exit::done : Exit::failed;
}

}  // namespace

Exit topics_create(const Context& context, const std::string& config_file) {
  return compare(context, config_file, &create_kafka_topics);
}

Exit topics_check(const Context& context, const std::string& config_file) {
  return compare(context, config_file, &check_kafka_topics);
}

}  // namespace virtscale::cli
