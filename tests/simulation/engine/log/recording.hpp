// The recording: every record that is durable, by partition. It is the truth of a run.
//
// The one thing to know: it only grows, whatever crashes; what was not durable has never been here.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/engine/outside.hpp"

namespace virtscale::simulation {

class Recording {
 public:
  /// Called with each new record, to mark it if it is a copy. The reference lives as long as the recording.
  using Landed = std::function<void(Recorded&)>;

  Recording(const LogLayout& layout, Landed landed);

  const LogLayout& layout() const { return layout_; }
  const std::deque<Recorded>& records(TopicPartition of) const { return at(of).records; }
  /// The offset of the next record at the earliest.
  std::uint64_t end(TopicPartition of) const { return at(of).end; }
  /// The record is durable. REQUIRES: its offset is at least `end`. Its event is looked for here.
  void land(Recorded record);
  /// Visits records from `offset` on that are below `limit`, until false or `records_max`. Returns how many.
  std::size_t read(TopicPartition from, std::uint64_t offset, std::uint64_t limit, std::size_t records_max,
                   const std::function<bool(const LogRecord&)>& visit) const;
  /// The first offset whose record has a timestamp of at least `at`; `end` if there is none.
  std::uint64_t offset_at(TopicPartition of, Instant at) const;

  /// Of all bytes of all records, in the order in which they became durable.
  std::uint64_t digest() const { return digest_; }
  std::uint64_t count() const { return count_; }

 private:
  struct Partition {
    std::deque<Recorded> records;
    std::uint64_t end = 0;
  };
  Partition& at(TopicPartition of) { return topics_[static_cast<std::size_t>(of.topic)].at(of.partition); }
  const Partition& at(TopicPartition of) const { return topics_[static_cast<std::size_t>(of.topic)].at(of.partition); }
  std::deque<Recorded>::const_iterator find(TopicPartition of, std::uint64_t offset) const;
  void digest(const Recorded& record);

  LogLayout layout_;
  Landed landed_;
  std::array<std::vector<Partition>, topics_count> topics_;
  std::uint64_t digest_ = 0;
  std::uint64_t count_ = 0;
};

/// FNV-1a over 8 bytes at a time, continued from `hash`: to compare, not to defend.
std::uint64_t hash_of(Bytes bytes, std::uint64_t hash = 0xCBF29CE484222325ULL);

}  // namespace virtscale::simulation
