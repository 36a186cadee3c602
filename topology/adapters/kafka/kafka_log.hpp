// KafkaLog: the log on a Kafka cluster, and the membership in the group of a stage's owners, by librdkafka.
//
// The one thing to know: nothing rests on what Kafka promises beyond an append that is acknowledged by all in-sync
// replicas, and the order of one idempotent producer. A producer that has failed for good fails the log: the process
// then starts its partitions again from their own state, on a new log. README.md says which settings keep that.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "topology/ports/log.hpp"
#include "topology/ports/membership.hpp"

namespace virtscale {

/// How a cluster is reached.
struct KafkaOptions {
  std::string bootstrap;             ///< HOST:PORT,…
  std::string prefix{};              ///< of all topic and group names; may be empty
  std::string member = "virtscale";  ///< this process, as brokers and other members see it (client.id)
  std::string url{};                 ///< where this process serves HTTP, told to the others; may be empty
  /// Settings of librdkafka that pass through, for SASL, TLS and the like. Those on which exactly-once stands cannot be
  /// set: open_kafka_log throws LogError and names them.
  std::map<std::string, std::string> properties{};
  /// After this long without a sign of life a member is taken for dead; the brokers' own least value is 6 s.
  Duration session_timeout = seconds(6);
};

/// What topics are made with.
struct KafkaTopicOptions {
  LogLayout layout{};
  std::uint16_t replication = 3;
  std::uint16_t in_sync_min = 2;  ///< min.insync.replicas
};

/// What waiting does not mend: the settings must change, or the topics. The message says which and how.
class KafkaSettingsError : public LogError {
 public:
  using LogError::LogError;
};

/// The log's name for itself, drawn when its topics were made: state of another log is noticed by it.
using LogIdentity = std::string;

struct OpenedKafkaLog {
  std::unique_ptr<Log> log;
  Membership* membership = nullptr;  ///< of the log, and lives as long
  LogIdentity identity;
};

/// Reaches the cluster and reads the layout that its topics were made with. `expected` is what the settings say; a
/// difference is named. Throws LogError: no broker answers within 10 s, no topics (`virtscale topics create` makes
/// them); and KafkaSettingsError: another layout, a property that must not be set or is none.
OpenedKafkaLog open_kafka_log(const KafkaOptions& options, const std::optional<LogLayout>& expected);

/// One thing that is not as it should be: the topic, the setting, both values, and what to do.
using TopicDifference = std::string;

/// Makes those topics that are missing, and writes the layout and the identity. What is there is never altered;
/// differences are returned as `check_kafka_topics` does. Throws LogError if the brokers do not answer or refuse.
std::vector<TopicDifference> create_kafka_topics(const KafkaOptions& options, const KafkaTopicOptions& topics);
/// Compares partitions, replication and settings of all topics with what they should be.
std::vector<TopicDifference> check_kafka_topics(const KafkaOptions& options, const KafkaTopicOptions& topics);

}  // namespace virtscale
