// The brokers: leaders of partitions that come and go, and the offsets that groups of owners have committed.
//
// The one thing to know: a record that a broker has taken is durable and is shown to readers; one that it has not yet
// taken is with its client, and may be lost with it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/engine/log/recording.hpp"

namespace virtscale::simulation {

class Brokers {
 public:
  Brokers(VirtualTime& time, Faults& faults, Story& story, Recording& recording);

  /// When the partition's leader takes and gives records again: now or later.
  Instant available(TopicPartition of) const;
  /// The leader takes a record. REQUIRES: it is available.
  void take(TopicPartition to, std::string key, std::vector<std::byte> value);
  /// Called after each record of this partition, as long as what is returned lives.
  [[nodiscard]] Subscription on_taken(TopicPartition of, std::function<void()> taken);
  Recording& recording() { return recording_; }

  /// Whether `member` is the owner of the inbox partition for the group's keeper; others' commits are refused.
  void set_owner(TopicPartition inbox, std::string member) { owners_[inbox] = std::move(member); }
  void commit(TopicPartition inbox, std::uint64_t offset, std::string_view member);
  std::optional<std::uint64_t> committed(TopicPartition inbox) const;

  /// Some leader may fail, and another takes over after a while; somebody may write garbage.
  void look_for_trouble();

 private:
  struct Leader {
    Instant available_from{};
    Duration clock_skew{};
    Listeners<> taken;
  };
  Leader& leader(TopicPartition of);
  void take(Recorded record);
  void move_leader(Dice dice);
  void write_garbage(Dice dice);

  VirtualTime& time_;
  Faults& faults_;
  Story& story_;
  Recording& recording_;
  std::map<TopicPartition, std::unique_ptr<Leader>> leaders_;  // all partitions; made at the start
  std::map<TopicPartition, std::string> owners_;
  std::map<TopicPartition, std::uint64_t> committed_;
};

/// `signals-2`.
std::string name_of(TopicPartition partition);

}  // namespace virtscale::simulation
