// The outlet of one partition: what librdkafka has been given for it, and what waits here until it can send more.
//
// The one thing to know: of a partition that has five records under way librdkafka 2.0.2 sends nothing more, and while
// others wait in its own queue its thread polls without a pause. So they wait here, and then go as one request.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "topology/adapters/kafka/client.hpp"

namespace virtscale::kafka {

/// A record and its place in the order of a producer's appends.
struct Numbered {
  const LogAppend* record = nullptr;
  Ticket ticket = 0;
};

/// Keeps the order of a partition's records. Delivery reports carry their tickets. Thread-safe.
/// REQUIRES: outlives the client, which sends what waited from where it lies.
class Outlet {
 public:
  /// Gives the records to librdkafka, or copies them for later. Throws LogError when they are not taken; then some are
  /// missing, and nothing more may be appended.
  void append(rd_kafka_topic_s& topic, std::uint32_t partition, std::span<const Numbered> records);
  /// So many that were given are acknowledged: gives what waits if it can be sent now. Throws as `append`.
  void acknowledged(rd_kafka_topic_s& topic, std::uint32_t partition, std::size_t count);

 private:
  /// Copies of records, for one request.
  struct Lot {
    bool has_room_for(const LogAppend& record) const;

    struct Piece {
      std::size_t key_bytes;
      std::size_t value_bytes;
      Ticket ticket;
    };
    std::vector<std::byte> bytes;  // of each its key, then its value
    std::vector<Piece> pieces;
  };

  /// What librdkafka was given at once.
  struct Parcel {
    std::size_t left;              // of its records, to be acknowledged
    std::vector<std::byte> bytes;  // where they lie; empty if librdkafka has copied them
  };

  bool can_send() const;
  void keep(const Numbered& one);
  static std::vector<rd_kafka_message_s> messages_of(std::span<const Numbered> records);
  static std::vector<rd_kafka_message_s> messages_of(Lot& lot);
  /// `lie_in`: where the messages lie until they are acknowledged; empty for librdkafka to copy them.
  void give(rd_kafka_topic_s& topic, std::uint32_t partition, std::vector<rd_kafka_message_s> messages,
            std::vector<std::byte> lie_in = {});

  std::mutex mutex_;
  std::deque<Parcel> given_;  // and not acknowledged
  std::deque<Lot> waiting_;
};

/// The ticket that a record was given with.
Ticket ticket_of(const rd_kafka_message_s& message);

}  // namespace virtscale::kafka
