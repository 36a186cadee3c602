// The handles of librdkafka as types that free themselves, and the settings that each of them gets.
//
// The one thing to know: the settings on which exactly-once stands are set here, and what an operator passes through
// cannot touch them. What a property is set to is never told, since it may be a secret.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "topology/adapters/kafka/kafka_log.hpp"

struct rd_kafka_s;
struct rd_kafka_message_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;
struct rd_kafka_topic_partition_list_s;

namespace virtscale::kafka {

/// Frees what librdkafka gave.
struct Freed {
  void operator()(rd_kafka_s* client) const;
  void operator()(rd_kafka_message_s* message) const;
  void operator()(rd_kafka_queue_s* queue) const;
  void operator()(rd_kafka_topic_s* topic) const;
  void operator()(rd_kafka_topic_partition_list_s* list) const;
};
using Client = std::unique_ptr<rd_kafka_s, Freed>;
using Message = std::unique_ptr<rd_kafka_message_s, Freed>;
using Queue = std::unique_ptr<rd_kafka_queue_s, Freed>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_s, Freed>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_s, Freed>;

/// What librdkafka's error `code` means, in words.
std::string words_for(int code);

/// Who hears what a client has to tell. Called on the thread that polls the client, but for complaints, which come from
/// any thread of librdkafka's.
struct Ears {
  std::function<void(const rd_kafka_message_s&)> delivered{};
  std::function<void(int code, rd_kafka_topic_partition_list_s& partitions)> rebalanced{};
  std::function<void(const std::string& why)> fatal{};  ///< the client is of no use any more
  class Connection* connection = nullptr;               ///< set by `Connection::open`; guarded by `mutex`
  mutable std::mutex mutex{};
};

/// A setting of librdkafka. All are listed in its CONFIGURATION.md.
struct Setting {
  const char* name;
  std::string value;
};
enum class Role { producer, consumer };

/// One cluster as the options reach it: makes clients, and remembers what they last complained of. Thread-safe.
class Connection {
 public:
  /// Throws LogError that names each property which must not be set, or which librdkafka does not know or take.
  explicit Connection(KafkaOptions options);

  /// A client with the settings of its role and `more`. `ears` and this outlive it. Throws LogError.
  Client open(Role role, std::initializer_list<Setting> more, Ears& ears);

  const KafkaOptions& options() const { return options_; }
  std::string topic(Topic topic) const { return options_.prefix + std::string(name_of(topic)); }
  /// The compacted topic that holds the layout.
  std::string layout_topic() const { return options_.prefix + "virtscale-layout"; }
  /// The group of those who fold the inbox.
  std::string group(Topic inbox) const { return options_.prefix + "virtscale-" + std::string(name_of(inbox)); }

  /// The group of clients that only ask about groups. Nobody folds in it.
  std::string asking_group() const { return options_.prefix + "virtscale-asking"; }
  /// Remembers the text of an error, without the values of properties.
  void complain(std::string_view what);
  /// `(the last thing heard: …)`, or nothing: the end of a message about what did not come about.
  std::string last_complaint() const;

 private:
  std::string without_secrets(std::string text) const;

  const KafkaOptions options_;
  mutable std::mutex mutex_;
  std::string complaint_;
};

/// Destroys a client on a thread of its own, and hears nothing of it any more. Destroying one that was in a group may
/// take for ever (librdkafka 2.0.2, issue 4724), and nobody should wait for it.
void let_go(Client client, std::shared_ptr<Ears> ears);

/// `alerts partition 3`, as messages have it.
std::string place_of(TopicPartition of);

}  // namespace virtscale::kafka
