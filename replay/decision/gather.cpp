#include <algorithm>
#include <limits>
#include <set>

#include "replay/command.hpp"
#include "replay/decision/birth.hpp"
#include "replay/decision/trace.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

// Policy gives a refusal's mail up after about ten minutes.
constexpr Duration mail_awaited = seconds(660);
constexpr std::size_t turn_max = 512;
constexpr Instant never{std::numeric_limits<std::int64_t>::max()};

// Reads the partitions that can hold records of one scale event, the one furthest behind in time first.
class Gatherer {
 public:
  Gatherer(Log& log, StateIndex& index, ScaleId scale) : log_(log), index_(index) { trace_.scale = scale; }

  Trace run(const EventId& first, const OnProgress& progress) {
    const auto birth = record_at(log_, *cause_of(first));
    if (!birth) throw NotFound(to_string(trace_.scale) + " began before the first record of this log");
    trace_.org = org_of(*birth, first);
    open_tracks(*birth);
    while (auto* track = furthest_behind()) {
      pass_over(*track);
      read_turn(*track);
      progress(trace_.records_read, trace_.records_read + records_left());
    }
    add_causes();
    trace_.settled = settled_;
    link_records(trace_);
    return std::move(trace_);
  }

 private:
  struct Track {
    TopicPartition of;
    std::uint64_t next = 0;
    std::uint64_t end = 0;
    Instant clock{};
    std::vector<OffsetRange> parts{};  // outside of which is nothing of interest
  };

  Instant earlier(Instant at) const { return {at.us - index_.clocks_differ_by().us}; }
  std::uint32_t partitions_of(Topic topic) const { return log_.layout().partitions[static_cast<std::size_t>(topic)]; }

  // A timer has no org: the first event that it led to has.
  std::string org_of(const KeptRecord& birth, const EventId& first) {
    const auto* event = schema::GetEvent(reinterpret_cast<const std::uint8_t*>(birth.value.data()));
    auto org = event->org()->str();
    for (std::uint32_t p = 0; org.empty() && p < partitions_of(Topic::signals); ++p) {
      const TopicPartition of{Topic::signals, p};
      log_.read(of, log_.offset_at(of, earlier(birth.timestamp)), SIZE_MAX, [&](const LogRecord& record) {
        const auto* wanted = schema::verify_event(record.value);
        if (wanted != nullptr && id_of(wanted->header()->id()) == first) org = wanted->org()->str();
        return org.empty() && record.timestamp <= birth.timestamp + mail_awaited;
      });
    }
    return org;
  }

  // Topics that are keyed by org have one partition of interest; the others all.
  void open_tracks(const KeptRecord& birth) {
    for (const auto topic : {Topic::signals, Topic::decisions, Topic::placements, Topic::outcomes, Topic::ledger}) {
      const bool is_by_org = topic == Topic::signals || topic == Topic::outcomes || topic == Topic::ledger;
      for (std::uint32_t p = 0; p < partitions_of(topic); ++p) {
        if (is_by_org && p != partition_of(trace_.org, partitions_of(topic))) continue;
        const TopicPartition of{topic, p};
        Track track{.of = of, .next = log_.offset_at(of, earlier(birth.timestamp)), .end = log_.end(of)};
        if (topic != Topic::ledger) track.parts = index_.parts_with(of, trace_.scale);
        tracks_.push_back(std::move(track));
      }
    }
  }

  Instant until(const Track& track) const {
    const bool may_end_a_refusal = track.of.topic == Topic::outcomes || track.of.topic == Topic::ledger;
    return may_end_a_refusal && (stands_ || !settled_) ? never : until_;
  }

  Track* furthest_behind() {
    Track* behind = nullptr;
    for (auto& track : tracks_) {
      if (track.next < track.end && track.clock <= until(track) && (behind == nullptr || track.clock < behind->clock))
        behind = &track;
    }
    return behind;
  }

  std::uint64_t records_left() const {
    std::uint64_t left = 0;
    for (const auto& track : tracks_) left += track.clock <= until(track) ? track.end - track.next : 0;
    return left;
  }

  // What the index says is not about it.
  void pass_over(Track& track) {
    if (track.of.topic == Topic::ledger) return;
    const auto part =
        std::ranges::find_if(track.parts, [&](const OffsetRange& range) { return track.next < range.to; });
    const auto next = part == track.parts.end() ? track.end : std::max(track.next, part->from);
    if (next > track.next && track.of.topic == Topic::outcomes && stands_ && settled_ && !has_ended_)
      pass_over_ledger(track.of, next);
    track.next = next;
  }

  // A refusal that stands has no other line until outcomes say that it has ended.
  void pass_over_ledger(TopicPartition outcomes, std::uint64_t next) {
    std::optional<Instant> at;
    log_.read(outcomes, next, 1, [&](const LogRecord& record) {
      at = record.timestamp;
      return false;
    });
    for (auto& track : tracks_) {
      if (track.of.topic != Topic::ledger) continue;
      track.next = at ? std::max(track.next, log_.offset_at(track.of, earlier(*at))) : track.end;
    }
  }

  void read_turn(Track& track) {
    if (track.next >= track.end) return;
    const auto read = log_.read(track.of, track.next, turn_max, [&](const LogRecord& record) {
      if (record.offset >= track.end) return false;
      track.next = record.offset + 1;
      track.clock = std::max(track.clock, record.timestamp);
      ++trace_.records_read;
      if (const auto* event = schema::verify_event(record.value)) look_at(record, *event);
      return track.clock <= until(track);
    });
    if (read == 0) track.next = track.end;
  }

  void look_at(const LogRecord& record, const schema::Event& event) {
    const auto* published = event.body_as_CheckpointPublished();
    const bool covers = published != nullptr && line_ && published->size() > *line_ && !settled_ &&
                        event.org()->string_view() == trace_.org;
    const bool is_own = event.header()->scale() == trace_.scale.value;
    if (!is_own && !covers) return;
    const auto id = id_of(event.header()->id());
    const bool is_copy = id.stage != Source::edge && !ids_.insert(id).second;
    keep({{record.from, record.offset},
          record.timestamp,
          std::string(record.key),
          {record.value.begin(), record.value.end()}},
         is_copy  ? Relation::copy
         : is_own ? Relation::own
                  : Relation::context);
    if (covers) settled_ = true;
    if (!is_copy) take_note(event, record.timestamp);
  }

  void keep(KeptRecord record, Relation relation) {
    kept_.insert(record.at);
    trace_.records.push_back({std::move(record), relation, {}, {}, {}});
  }

  // When enough was seen.
  void take_note(const schema::Event& event, Instant at) {
    if (const auto* line = event.body_as_LineAppended()) {
      if (line_) stands_ = false;
      line_ = line->index();
      settled_ = false;
    }
    if (const auto* decided = event.body_as_ScaleDecided();
        decided && decided->decision() == schema::Decision::refused) {
      stands_ = decided->kind() == schema::SignalKind::alert;
      if (decided->code()->string_view() == "beyond_envelope") mail_until_ = at + mail_awaited;
    }
    if (event.body_type() == schema::Body::OwnerNotified) mail_until_ = at;
    if (event.body_type() == schema::Body::RefusalEnded) has_ended_ = true;
    if (settled_) until_ = std::max(at, mail_until_) + index_.clocks_differ_by();
  }

  // What led to records of the scale event, and is not of it: the alert, a timer, the signature's answer.
  void add_causes() {
    const auto count = trace_.records.size();
    for (std::size_t i = 0; i < count; ++i) {
      const auto cause = cause_of(trace_.records[i].kept.value);
      if (!cause || kept_.contains(*cause)) continue;
      auto record = record_at(log_, *cause);
      if (record && schema::verify_event(record->value) != nullptr) keep(std::move(*record), Relation::context);
    }
  }

  Log& log_;
  StateIndex& index_;
  Trace trace_;
  std::vector<Track> tracks_;
  std::set<RecordPlace> kept_;
  std::set<EventId> ids_;
  std::optional<std::uint64_t> line_;
  bool settled_ = false;
  bool stands_ = false;
  bool has_ended_ = false;  // what stood; its second line may still come
  Instant mail_until_{};
  Instant until_ = never;
};

}  // namespace

Trace gather_trace(Log& log, StateIndex& index, ScaleId scale, const OnProgress& progress) {
  const auto first = find_birth(log, index, scale);
  if (!first) throw NotFound("there is no " + to_string(scale) + " in this log: list them with `virtscale events`");
  return Gatherer(log, index, scale).run(*first, progress);
}

Trace gather_trace(Log& log, ScaleId scale, const OnProgress& progress) {
  StateIndex none(log);
  return gather_trace(log, none, scale, progress);
}

}  // namespace virtscale::replay
