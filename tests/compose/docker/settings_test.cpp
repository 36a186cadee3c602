// The settings and documents of compose/docker, read as the stages read them.
#include "compose/settings/settings.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "compose/settings/documents.hpp"

namespace virtscale {
namespace {

std::string text_of(const std::string& name) {
  std::ifstream file("compose/docker/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string settings_with_tokens() {
  const std::string one(64, '1');
  const std::string two(64, '2');
  return text_of("virtscale.yml") + "tokens:\n  - {org: shop, sha256: " + one +
         "}\n  - {operator: true, sha256: " + two + "}\n";
}

TEST(DockerSettings, AreReadByTheStagesWithoutFaults) {
  const auto parsed = parse_settings(settings_with_tokens());
  for (const auto& fault : parsed.faults) ADD_FAILURE() << fault.line << ": " << fault.message;
  EXPECT_EQ(parsed.settings.kafka.bootstrap, "kafka-1:9092,kafka-2:9092,kafka-3:9092");
  EXPECT_EQ(parsed.settings.kafka.replication, 3);
  EXPECT_EQ(parsed.settings.kafka.in_sync_min, 2);
  EXPECT_EQ(parsed.settings.tokens.size(), 2U);
}

TEST(DockerSettings, SpreadEachInboxOverSeveralPartitions) {
  const auto settings = parse_settings(settings_with_tokens()).settings;
  for (const auto topic : {Topic::alerts, Topic::signals, Topic::decisions, Topic::placements, Topic::outcomes}) {
    EXPECT_GE(settings.layout.partitions[static_cast<std::size_t>(topic)], 2U) << name_of(topic);
  }
}

TEST(DockerSettings, DocumentsCanBeApplied) {
  const auto parsed = parse_documents(text_of("documents.yml"), "documents.yml");
  EXPECT_TRUE(parsed.faults.empty());
  EXPECT_EQ(parsed.documents.size(), 3U);
}

}  // namespace
}  // namespace virtscale
