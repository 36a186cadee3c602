// librdkafka alone: writes an inbox, and reads what is committed.
//
// The one thing to know: Virtscale, its peer and the limit are all fed and measured by these two.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "topology/ports/log.hpp"

struct rd_kafka_s;
struct rd_kafka_topic_s;

namespace virtscale::bench {

/// Appends with acks=all, idempotent, as Virtscale's own producer is set. Throws LogError.
class RawProducer {
 public:
  explicit RawProducer(const std::string& bootstrap);
  ~RawProducer();
  RawProducer(const RawProducer&) = delete;
  RawProducer& operator=(const RawProducer&) = delete;

  /// Copies the record, and waits for room.
  void produce(const std::string& topic, std::uint32_t partition, std::string_view key, Bytes value);
  /// Waits until all is acknowledged.
  void flush();
  /// Removes all topics whose names begin so, with all that is in them.
  void remove_topics_of(const std::string& prefix);

 private:
  rd_kafka_topic_s* topic(const std::string& name);

  rd_kafka_s* client_;
  std::map<std::string, rd_kafka_topic_s*> topics_;
};

/// Reads all partitions of a topic from the beginning, only what is committed, on a thread of its own.
class RawReader {
 public:
  using Visit = std::function<void(const LogRecord&)>;

  /// `visit` is called on the reader's thread. Throws LogError.
  RawReader(const std::string& bootstrap, const std::string& topic, std::uint32_t partitions, Visit visit);
  ~RawReader();
  RawReader(const RawReader&) = delete;
  RawReader& operator=(const RawReader&) = delete;

 private:
  void run();

  Visit visit_;
  rd_kafka_s* client_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace virtscale::bench
