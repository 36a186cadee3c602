// Questions to the brokers that are answered once: what topics there are, where they end, what is committed.
//
// The one thing to know: each blocks its caller until the brokers answer or the time is up, and is asked through the
// producer's client, whose connections no waiting fetch holds up: a broker answers one request of a connection at a
// time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "topology/adapters/kafka/client.hpp"

struct rd_kafka_op_s;
struct rd_kafka_AdminOptions_s;

namespace virtscale::kafka {

using Within = std::chrono::milliseconds;
/// How long the brokers may take for an answer that somebody waits for: above an election, after a broker was missed.
inline constexpr Within answer_max{10'000};

struct FreeEvent {
  void operator()(rd_kafka_op_s* event) const;
};
using Event = std::unique_ptr<rd_kafka_op_s, FreeEvent>;

/// Where to ask from: any client of the connection.
struct Asker {
  Connection& connection;
  rd_kafka_s& client;
};

/// Sends one admin request, and waits for its result. Throws LogError with `what` when there is none, or it failed.
Event ask(const Asker& asker, Within within, const std::string& what,
          const std::function<void(const rd_kafka_AdminOptions_s* options, rd_kafka_queue_s* answers)>& request);

/// A topic as the brokers know it.
struct TopicSeen {
  std::uint32_t partitions = 0;
  std::uint32_t replicas_min = 0;  ///< of the partition that has the fewest
  bool led = true;                 ///< every partition has a leader
};
/// All topics. From then on the client knows where their partitions are. Throws LogError when no broker answers.
std::map<std::string, TopicSeen> topics_seen(const Asker& asker, Within within);

/// The offset behind the last record of each partition of `topics` that foreign readers may see, in the order given.
/// Throws LogError.
std::vector<std::uint64_t> ends_of(const Asker& asker, const std::vector<TopicPartition>& partitions, Within within);
/// As ends_of, for the one partition of a topic of any name.
std::uint64_t end_of(const Asker& asker, const std::string& topic, Within within);
/// The first offset that is kept. Throws LogError.
std::uint64_t first_of(const Asker& asker, TopicPartition partition, Within within);
/// The first offset whose record has a timestamp of at least `at`; nothing if there is none. Throws LogError.
std::optional<std::uint64_t> offset_at(const Asker& asker, TopicPartition partition, Instant at, Within within);

/// What the group of an inbox has committed, by partition: the last folded offset, which is one less than what Kafka
/// keeps. Throws LogError. Both are one attempt: see group_asker.hpp.
std::map<std::uint32_t, std::uint64_t> committed_of(const Asker& asker, Topic inbox, std::uint32_t partitions,
                                                    Within within);

/// Kafka's committed offset is the next to read; ours the last that is folded.
using Commits = std::map<std::uint32_t, std::uint64_t>;
PartitionList to_commit(const std::string& topic, const Commits& commits);
/// Commits as somebody who is no member of the group. Returns librdkafka's error code, 0 if all is well.
int commit_from_outside(const Asker& asker, Topic inbox, const Commits& commits, Within within);

}  // namespace virtscale::kafka
