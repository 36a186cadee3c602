// The books: what the host of a stage remembers for one partition, beside the stage's own tables.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"
#include "schemas/state/host_generated.h"
#include "topology/contract/outbox.hpp"
#include "topology/contract/table.hpp"

namespace virtscale {

/// A timer that is set.
struct DueTimer {
  Instant due;
  std::string key;
  friend auto operator<=>(const DueTimer&, const DueTimer&) = default;
};

/// The ends of lanes, by the other side: a stage or a topic, and its partition. Each is asked for with every record, so
/// the places of their rows are kept.
template <class Lane>
class LaneEnds {
 public:
  explicit LaneEnds(std::string_view name) : table_(name) {}
  AnyTable& table() { return table_; }
  /// To be called when rows were loaded or erased.
  void rebuild() { places_ = {}; }

  /// Null if there is none.
  const Lane* find(std::uint8_t side, std::uint32_t partition) const;
  Lane& modify(std::uint8_t side, std::uint32_t partition);

 private:
  using Place = typename Table<Lane>::Place;
  // Beyond these, which no layout of ours has, rows are found by key.
  static constexpr std::size_t sides_max = 8;
  static constexpr std::uint32_t partitions_max = 4'096;

  Place* kept(std::uint8_t side, std::uint32_t partition) const;

  Table<Lane> table_;
  mutable std::array<std::vector<Place>, sides_max> places_;
};

/// Tables of progress, lanes, requests and timers. They are state like any other: committed with the stage's, and the
/// same after every replay.
class Books {
 public:
  // Out of line, so that what its tables need is compiled once.
  Books();
  ~Books();

  std::vector<AnyTable*> tables();
  /// Makes what is derived from the tables; called once after they were loaded.
  void rebuild();

  const schema::ProgressT& progress() const { return progress_place_.value(); }
  schema::ProgressT& modify_progress() { return progress_.modify(progress_place_); }

  /// The last number seen from a source partition; null if none was.
  const schema::LaneSeenT* lane_seen(Source source, std::uint32_t partition) const;
  schema::LaneSeenT& modify_lane_seen(Source source, std::uint32_t partition);
  /// The last number given to a target partition, and the hash of the event that bore it.
  schema::LaneGivenT& modify_lane_given(TopicPartition target);

  /// Keeps a request until its answer is folded.
  void ask(const EventId& id, Bytes event, Instant at);
  /// The request, if it is not answered yet.
  const schema::PendingRequestT* pending(const EventId& id) const;
  /// Takes the request out, as the Event that asks; nothing if it is not pending.
  std::optional<std::vector<std::uint8_t>> take_pending(const EventId& id);
  /// Visits each unanswered request in the order of ids.
  void each_pending(const std::function<void(const EventId&, const schema::PendingRequestT&)>& visit) const;
  std::size_t pending_count() const { return pending_.size(); }

  /// Sets, moves or cancels.
  void set_timer(const Outbox::Timer& timer);
  const schema::SetTimerT* timer(std::string_view key) const { return timers_.find(key); }
  /// All timers in the order in which they are due.
  const std::set<DueTimer>& due_timers() const { return due_; }

 private:
  Table<schema::ProgressT> progress_{"host_progress"};
  LaneEnds<schema::LaneSeenT> seen_{"host_lanes_seen"};
  LaneEnds<schema::LaneGivenT> given_{"host_lanes_given"};
  Table<schema::PendingRequestT> pending_{"host_pending"};
  Table<schema::SetTimerT> timers_{"host_timers"};
  std::set<DueTimer> due_;  // derived from timers_
  Table<schema::ProgressT>::Place progress_place_ = progress_.make_place("");
};

}  // namespace virtscale
