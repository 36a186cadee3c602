// A lane: the events of one source partition on one target partition, as the refold emits them and as the log has them.
//
// The one thing to know: each side comes in its own order of numbers, and whichever comes first waits for the other. So
// a lane holds what is on its way between two stages, however long the log is.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "replay/causes.hpp"
#include "replay/refold.hpp"
#include "replay/verify/firsts.hpp"

namespace virtscale::replay {

/// An event that a refold has emitted, and the time of the record that caused it.
struct Emission {
  Emitted event;
  std::uint64_t number = 0;
  Instant time;
};

/// An event that the log has and no refold has emitted yet.
struct Recorded {
  KeptRecord record;
  std::uint64_t number = 0;
};

class Lane {
 public:
  /// The events up to and with number `before` belong to what a snapshot stands for.
  explicit Lane(std::uint64_t before) : before_(before), last_(before) {}

  std::deque<Emission> emitted;   ///< not seen in the log yet, by number; see `emit` and `forget_emitted`
  std::deque<Recorded> recorded;  ///< not emitted yet, by number

  /// Notes an event that the refold has emitted, because of a record of this time.
  void emit(const LogAppend& event, std::uint64_t number, Instant time) {
    auto& kept = emitted.emplace_back(Emission{std::move(spare_), number, time}).event;
    kept.to = event.to;
    kept.key = event.key;
    kept.event.assign(event.value.begin(), event.value.end());
  }
  /// Forgets the first of them. Its memory serves the next, since most are forgotten before another comes.
  void forget_emitted() {
    spare_ = std::move(emitted.front().event);
    emitted.pop_front();
  }

  /// What the number of a recorded event says.
  enum class Turn : std::uint8_t { first, copy, from_before };
  /// Takes note of the event with this number at `offset` of the target.
  Turn arrive(std::uint64_t number, std::uint64_t offset) {
    if (number <= before_) return Turn::from_before;
    if (number <= last_) return Turn::copy;
    last_ = number;
    firsts.note(number, offset);
    return Turn::first;
  }

  FirstPlaces firsts;
  std::uint64_t paired_until = 0;  ///< offset in the target behind the last event that both sides had
  std::int64_t last_cause = -1;    ///< the highest offset of the inbox that a recorded event names as its cause

 private:
  std::uint64_t before_;
  std::uint64_t last_;
  Emitted spare_;
};

/// Which lane: from a partition of a stage's inbox to a partition of a topic.
struct LanePlace {
  Source stage{};
  std::uint32_t partition = 0;
  TopicPartition target;
};

/// The lanes of a log, made when they are first used.
class Lanes {
 public:
  explicit Lanes(const LogLayout& layout);

  /// Whether the layout has the source and the target.
  bool has(const LanePlace& place) const;
  /// REQUIRES: `has(place)`.
  Lane& of(const LanePlace& place);
  /// Begins the lane behind the number `before`. REQUIRES: `has(place)`, and it was not used yet.
  void begin(const LanePlace& place, std::uint64_t before) { slot(place) = std::make_unique<Lane>(before); }

  /// Visits every lane that was used.
  void each(const std::function<void(const LanePlace&, Lane&)>& visit);

 private:
  using Row = std::vector<std::unique_ptr<Lane>>;  // by source

  std::size_t source_slot(Source stage, std::uint32_t partition) const {
    return first_slot_[static_cast<std::size_t>(stage)] + partition;
  }
  std::unique_ptr<Lane>& slot(const LanePlace& place);

  const LogLayout layout_;
  std::array<std::vector<Row>, topics_count> rows_;                 // by target; a row is empty until it is used
  std::array<std::size_t, graph::stages.size() + 1> first_slot_{};  // by source
  std::size_t sources_ = 0;
};

}  // namespace virtscale::replay
