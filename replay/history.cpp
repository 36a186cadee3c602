#include "replay/history.hpp"

#include <algorithm>

namespace virtscale::replay {

History::History(Log& log, std::span<const Topic> topics) : log_(log) {
  for (const auto topic : topics) {
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
  if (refold != nullptr) step = refold->fold(record);
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
