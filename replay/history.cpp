#include "replay/history.hpp"

#include <algorithm>

namespace virtscale::replay {

History::History(Log& log, std::span<const Topic> topics) : log_(log), sequence_(dynamic_cast<SequentialLog*>(&log)) {
  first_track_.fill(-1);
  for (const auto topic : topics) {
    first_track_[static_cast<std::size_t>(topic)] = std::ssize(tracks_);
    for (std::uint32_t p = 0; p < log.layout().partitions[static_cast<std::size_t>(topic)]; ++p) {
      Track track{.of = {topic, p}};
      track.end = log.end(track.of);
      tracks_.push_back(track);
    }
  }
}

void History::fold(Refold& refold) {
  for (auto& track : tracks_) {
    if (track.of != refold.inbox()) continue;
    track.refold = &refold;
    track.next = refold.next_offset();
  }
}

void History::begin_at(TopicPartition partition, std::uint64_t offset) {
  const auto track = std::ranges::find(tracks_, partition, &Track::of);
  if (track != tracks_.end()) track->next = offset;
}

void History::run(Onlooker& onlooker) {
  while (run_turn(onlooker)) {
  }
}

bool History::run_turn(Onlooker& onlooker) {
  return sequence_ != nullptr ? run_batches(onlooker) : run_partition(onlooker);
}

bool History::run_batches(Onlooker& onlooker) {
  if (!walk_) walk_ = begin_walk(*sequence_);
  const auto turn_end = records_ + turn_max;
  bool has_read = false;
  Instant clock{std::numeric_limits<std::int64_t>::min()};
  while (!is_over_ && records_ < turn_end) {
    is_over_ = !walk_->next([&](const LogRecord& record) {
      clock = record.timestamp;
      auto* track = track_of(record.from);
      if (track != nullptr && record.offset >= track->next) take(*track, record, onlooker);
    });
    has_read = has_read || !is_over_;
    is_over_ = is_over_ || clock >= stop_;
  }
  return has_read;
}

std::unique_ptr<Walk> History::begin_walk(SequentialLog& log) const {
  std::vector<PartitionOffset> from;
  for (const auto& track : tracks_) from.push_back({track.of, track.next});
  return log.walk(from);
}

History::Track* History::track_of(TopicPartition partition) {
  const auto first = first_track_[static_cast<std::size_t>(partition.topic)];
  return first < 0 ? nullptr : &tracks_[static_cast<std::size_t>(first) + partition.partition];
}

bool History::run_partition(Onlooker& onlooker) {
  auto* track = furthest_behind();
  if (track == nullptr) return false;
  const auto read = log_.read(track->of, track->next, turn_max,
                              [&](const LogRecord& record) { return take(*track, record, onlooker); });
  // An end may stand behind offsets without a record.
  if (read < turn_max) track->next = track->end;
  return true;
}

History::Track* History::furthest_behind() {
  Track* behind = nullptr;
  for (auto& track : tracks_) {
    if (track.next < track.end && track.clock < stop_ && (behind == nullptr || track.clock < behind->clock))
      behind = &track;
  }
  return behind;
}

bool History::take(Track& track, const LogRecord& record, Onlooker& onlooker) {
  if (record.offset >= track.end || record.timestamp >= stop_) {
    track.next = track.end;
    return false;
  }
  auto* refold = track.halted ? nullptr : track.refold;
  onlooker.before(record, refold);
  Step step;
  arena_.clear();
  if (refold != nullptr) step = refold->fold(record, arena_);
  track.halted = track.halted || step.fate == Fate::halted;
  track.next = record.offset + 1;
  track.clock = std::max(track.clock, record.timestamp);
  ++records_;
  onlooker.after(record, refold, step);
  return true;
}

std::uint64_t History::records_expected() const {
  std::uint64_t records = records_;
  for (const auto& track : tracks_) records += track.end - std::min(track.end, track.next);
  return records;
}

std::uint64_t History::end_of(TopicPartition partition) const {
  const auto track = std::ranges::find(tracks_, partition, &Track::of);
  return track == tracks_.end() ? 0 : track->end;
}

}  // namespace virtscale::replay
