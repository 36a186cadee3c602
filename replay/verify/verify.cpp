#include "replay/verify/verify.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "replay/snapshot.hpp"
#include "replay/text.hpp"
#include "replay/verify/gap.hpp"
#include "replay/verify/ledgers.hpp"
#include "stages/audit/fold.hpp"

namespace virtscale::replay {
namespace {

const schema::Event& event_in(Bytes verified) {
  return *schema::GetEvent(reinterpret_cast<const std::uint8_t*>(verified.data()));
}

std::string_view org_of(const schema::Event& event) {
  return {event.org()->data(), event.org()->size()};
}

bool are_same(Bytes a, Bytes b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

// Asks for memory that is wanted soon.
void fetch(Bytes bytes) {
  constexpr std::size_t cache_line = 64;
  for (std::size_t at = 0; at < bytes.size(); at += cache_line) __builtin_prefetch(bytes.data() + at);
}

DivergedEvent side(const Emission& emission) {
  return {emission.event.key, emission.event.event};
}
DivergedEvent side(const KeptRecord& record) {
  return {record.key, record.value};
}

// `number 12 of policy/0 on decisions/0`
std::string name_of(const LanePlace& place, std::uint64_t number) {
  return "number " + std::to_string(number) + " of " + std::string(graph::node_of(place.stage).name) + "/" +
         std::to_string(place.partition) + " on " + std::string(name_of(place.target.topic)) + "/" +
         std::to_string(place.target.partition);
}

std::string cause_text(const EventId& id) {
  const auto cause = cause_of(id);
  return cause ? place(cause->of, cause->offset) : "nothing";
}

class Verification final : public Onlooker {
 public:
  Verification(LogSource& source, std::vector<std::unique_ptr<Refold>> refolds, const VerifyOptions& options)
      : source_(source),
        refolds_(std::move(refolds)),
        options_(options),
        history_(*source.log, all_topics),
        lanes_(source.log->layout()),
        ledgers_(options.keys) {
    for (auto& refold : refolds_) {
      load_snapshot(source.snapshots, *refold);
      history_.fold(*refold);
      if (!source.snapshots.empty()) begin_behind(*refold);
    }
    history_.stop_at(options.to);
  }

  VerifyReport run() {
    const auto began = std::chrono::steady_clock::now();
    while (history_.run_turn(*this)) {
      check_copies();
      if (options_.progress) options_.progress(history_.records(), history_.records_expected());
    }
    check_ends();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    report_.records = history_.records();
    report_.lines = ledgers_.lines();
    report_.checkpoints = ledgers_.checkpoints();
    report_.signatures = ledgers_.signatures();
    explain();
    return std::move(report_);
  }

  void after(const LogRecord& record, Refold* refold, Step& step) override {
    if (refold != nullptr && options_.folded) options_.folded(*refold, record, step);
    if (refold != nullptr) take_emitted(record, *refold, step);
    const bool admitted = refold != nullptr && step.fate != Fate::rejected;
    const auto* event = admitted ? &event_in(record.value) : schema::verify_event(record.value);
    if (event != nullptr) take_recorded(record, *event);
    if (step.fate == Fate::rejected) ++report_.rejected;
    if (step.fate == Fate::halted) note_halt(record, step);
  }

 private:
  struct Copy {
    LanePlace place;
    std::uint64_t number = 0;
    KeptRecord record;
  };

  // What a snapshot stands for is known: its lane numbers, and the trees of its ledgers.
  void begin_behind(Refold& refold) {
    each_lane_given(refold, [&](TopicPartition target, const schema::LaneGivenT& last) {
      lanes_.begin({refold.stage(), refold.inbox().partition, target}, last.number);
    });
    const auto* audit = dynamic_cast<const RefoldOf<audit::Fold>*>(&refold);
    if (audit == nullptr) return;
    audit->state().ledgers.each("", [this](std::string_view org, const schema::OrgLedgerT& ledger) {
      ledgers_.begin(org, audit::range_of(ledger));
      return true;
    });
  }

  void take_emitted(const LogRecord& cause, const Refold& refold, const Step& step) {
    for (const auto& emitted : step.emitted) {
      const LanePlace place{refold.stage(), refold.inbox().partition, emitted.to};
      auto& lane = lanes_.of(place);
      const auto number = event_in(emitted.value).header()->lane();
      lane.emit(emitted, number, cause.timestamp);
      if (!lane.recorded.empty()) pair(place, lane);
    }
  }

  void take_recorded(const LogRecord& record, const schema::Event& event) {
    const auto id = id_of(event.header()->id());
    if (id.stage == Source::edge) {
      if (is_altered(record.value, event)) note_altered(record, event);
      return;
    }
    const LanePlace place{id.stage, id.partition, record.from};
    const auto number = event.header()->lane();
    if (!lanes_.has(place))
      return note_unexplained(kept_of(record), "it names a stage or a partition that this log does not have");
    auto& lane = lanes_.of(place);
    switch (lane.arrive(number, record.offset)) {
      case Lane::Turn::from_before:
        return;
      case Lane::Turn::copy:
        return copies_.push_back({place, number, kept_of(record)});
      case Lane::Turn::first:
        break;
    }
    lane.last_cause = std::max(lane.last_cause, static_cast<std::int64_t>(id.offset));
    if (record.from.topic == Topic::ledger && is_of_interest(event)) note(ledgers_.take(record, event));
    if (lane.recorded.empty() && !lane.emitted.empty() && lane.emitted.front().number == number) {
      compare(place, lane, lane.emitted.front(), record);
      lane.forget_emitted();
      if (!lane.emitted.empty()) fetch(lane.emitted.front().event.event);
    } else {
      lane.recorded.push_back({kept_of(record), number});
      pair(place, lane);
    }
  }

  void pair(const LanePlace& place, Lane& lane) {
    while (!lane.emitted.empty() && !lane.recorded.empty()) {
      const auto& emission = lane.emitted.front();
      const auto& recorded = lane.recorded.front();
      const auto& at = recorded.record;
      const bool is_missing = emission.number < recorded.number;
      const bool is_unexplained = emission.number > recorded.number;
      if (is_missing) note_missing(place, lane, emission, at.at.offset);
      if (is_unexplained) note_unexplained(at, "no fold emits " + name_of(place, recorded.number));
      if (!is_missing && !is_unexplained)
        compare(place, lane, emission, {at.at.of, at.at.offset, at.timestamp, at.key, at.value});
      if (!is_unexplained) lane.forget_emitted();
      if (!is_missing) lane.recorded.pop_front();
    }
  }

  void compare(const LanePlace& place, Lane& lane, const Emission& emission, const LogRecord& record) {
    lane.paired_until = record.offset + 1;
    const bool same = emission.event.key == record.key && are_same(emission.event.event, record.value);
    if (record.timestamp < options_.from || !is_of_interest(event_in(emission.event.event))) return;
    if (same) return void(++report_.events);
    const auto folded = id_of(event_in(emission.event.event).header()->id());
    const auto recorded = id_of(event_in(record.value).header()->id());
    auto what = "folding " + cause_text(folded) + " again gives another event than was recorded as " +
                name_of(place, emission.number);
    if (folded != recorded) what += "; the recorded one was caused by " + cause_text(recorded);
    note(Divergence{.kind = DivergenceKind::differs,
                    .at = {record.from, record.offset},
                    .time = record.timestamp,
                    .what = std::move(what),
                    .recorded = side(kept_of(record)),
                    .folded = side(emission)});
  }

  bool is_of_interest(const schema::Event& event) const {
    return options_.org.empty() || org_of(event) == options_.org;
  }

  // The first in time is kept, and all that is later need not be read any more.
  void note(std::optional<Divergence> divergence) {
    if (!divergence) return;
    const bool in_range = divergence->time >= options_.from || divergence->kind == DivergenceKind::halted;
    if (!in_range || (report_.divergence && report_.divergence->time <= divergence->time)) return;
    history_.stop_at({divergence->time.us + 1});
    report_.divergence = std::move(divergence);
    gap_.reset();
  }

  void note_missing(const LanePlace& place, const Lane& lane, const Emission& emission, std::uint64_t until) {
    if (!is_of_interest(event_in(emission.event.event))) return;
    const auto cause = cause_text(id_of(event_in(emission.event.event).header()->id()));
    note(Divergence{
        .kind = DivergenceKind::missing,
        .at = {place.target, until},
        .time = emission.time,
        .what = "folding " + cause + " gives " + name_of(place, emission.number) + ", and the log does not have it",
        .folded = side(emission)});
    if (report_.divergence && report_.divergence->kind == DivergenceKind::missing && !gap_)
      gap_ = Gap{place, emission.number, lane.paired_until, until};
  }

  void note_unexplained(const KeptRecord& record, const std::string& why) {
    if (!is_of_interest(event_in(record.value))) return;
    note(Divergence{.kind = DivergenceKind::unexplained,
                    .at = record.at,
                    .time = record.timestamp,
                    .what = why,
                    .recorded = side(record)});
  }

  void note_altered(const LogRecord& record, const schema::Event& event) {
    if (!is_of_interest(event)) return;
    note(Divergence{.kind = DivergenceKind::altered,
                    .at = {record.from, record.offset},
                    .time = record.timestamp,
                    .what = "the hash in its header is not that of its bytes: the record was changed after it was "
                            "written",
                    .recorded = side(kept_of(record))});
  }

  void note_halt(const LogRecord& record, const Step& step) {
    note(Divergence{.kind = DivergenceKind::halted,
                    .at = {record.from, record.offset},
                    .time = record.timestamp,
                    .what = step.incident,
                    .recorded = side(kept_of(record))});
  }

  void check_copies() {
    for (const auto& copy : std::exchange(copies_, {})) {
      auto& lane = lanes_.of(copy.place);
      const EventId source{0, copy.place.partition, 0, copy.place.stage};
      const auto first = lane.firsts.find(*source_.log, copy.place.target, source, copy.number);
      const bool same = first && first->key == copy.record.key && first->value == copy.record.value;
      if (copy.record.timestamp < options_.from || !is_of_interest(event_in(copy.record.value))) continue;
      if (same) {
        ++report_.duplicates;
        continue;
      }
      note(Divergence{.kind = DivergenceKind::copy,
                      .at = copy.record.at,
                      .time = copy.record.timestamp,
                      .what = name_of(copy.place, copy.number) +
                              (first ? " stands at " + place(first->at.of, first->at.offset) + " with other contents"
                                     : " stands behind a higher number"),
                      .recorded = side(copy.record)});
    }
  }

  void check_ends() {
    const bool cut = report_.divergence || options_.to.us != std::numeric_limits<std::int64_t>::max();
    // Cut at one time, partitions whose times disagree do not end at one moment of the history.
    const bool ends_agree = !cut || source_.order == LogOrder::total;
    std::map<std::pair<Source, std::uint32_t>, std::int64_t> last_cause;
    lanes_.each([&](const LanePlace& place, Lane& lane) {
      auto& last = last_cause.try_emplace({place.stage, place.partition}, -1).first->second;
      last = std::max(last, lane.last_cause);
      if (ends_agree) check_unemitted(place, lane);
    });
    if (options_.to.us != std::numeric_limits<std::int64_t>::max()) return;
    lanes_.each([&](const LanePlace& place, Lane& lane) {
      check_unrecorded(place, lane, last_cause[{place.stage, place.partition}]);
    });
  }

  void check_unemitted(const LanePlace& place, const Lane& lane) {
    for (const auto& recorded : lane.recorded) {
      const auto cause = cause_of(id_of(event_in(recorded.record.value).header()->id()));
      // Appended while a log of several ends was being read: its cause lies behind one of them.
      const bool beyond = source_.order == LogOrder::by_partition && cause->offset >= history_.end_of(cause->of);
      if (beyond) continue;
      note_unexplained(recorded.record, "no fold emits " + name_of(place, recorded.number));
    }
  }

  // A crash may come before the last emissions are appended. But what is committed was durable, and one append takes
  // all that a batch of records emitted, in order: nothing is missing before something that is there.
  void check_unrecorded(const LanePlace& place, Lane& lane, std::int64_t last_cause) {
    const auto committed = source_.log->committed({graph::node_of(place.stage).inbox, place.partition});
    for (const auto& emission : lane.emitted) {
      if (report_.divergence && (emission.time > report_.divergence->time || is_behind(place, lane, emission))) return;
      const auto cause = event_in(emission.event.event).header()->id().offset();
      const bool was_durable = committed && cause <= *committed;
      const bool was_appended = source_.order == LogOrder::total && static_cast<std::int64_t>(cause) <= last_cause;
      if (!was_durable && !was_appended) {
        ++report_.not_yet_recorded;
      } else if (place.target.topic == Topic::deadletters) {
        note_unrejected(emission);
      } else {
        note_missing(place, lane, emission, history_.end_of(place.target));
      }
    }
  }

  // Whether the log has the event where it was not read any more, because a divergence was found before.
  bool is_behind(const LanePlace& place, Lane& lane, const Emission& emission) {
    const EventId source{0, place.partition, 0, place.stage};
    return lane.firsts.find(*source_.log, place.target, source, emission.number).has_value();
  }

  // A record that cannot be read any more is rejected now, and was not when it was recorded.
  void note_unrejected(const Emission& emission) {
    const auto* rejected = event_in(emission.event.event).body_as_RecordRejected();
    if (!options_.org.empty() || rejected == nullptr) return;
    const RecordPlace at{{static_cast<Topic>(rejected->topic()), rejected->partition()}, rejected->offset()};
    note(Divergence{
        .kind = DivergenceKind::altered,
        .at = at,
        .time = emission.time,
        .what = "this record was taken when it was written, and is rejected now: " + rejected->reason()->str(),
        .recorded =
            DivergedEvent{emission.event.key,
                          {reinterpret_cast<const std::byte*>(rejected->value()->data()),
                           reinterpret_cast<const std::byte*>(rejected->value()->data()) + rejected->value()->size()}},
        .folded = side(emission)});
  }

  // Only for the divergence that is reported: looks for what was there in its place, and for what led to it.
  void explain() {
    if (!report_.divergence) return;
    auto& divergence = *report_.divergence;
    if (gap_) look_into_gap(*gap_, source_, lanes_, divergence);
    const auto& event = divergence.recorded ? divergence.recorded->event : divergence.folded->event;
    divergence.led_to = causes_of(*source_.log, event);
    const auto missing = cause_of(divergence.led_to.empty() ? Bytes(event) : Bytes(divergence.led_to.front().value));
    if (missing && divergence.led_to.size() < causes_max)
      divergence.what += "; " + place(missing->of, missing->offset) + ", which led to it, is not in the log";
  }

  LogSource& source_;
  std::vector<std::unique_ptr<Refold>> refolds_;
  const VerifyOptions& options_;
  History history_;
  Lanes lanes_;
  LedgerCheck ledgers_;
  std::vector<Copy> copies_;  // to be compared once the turn is over
  std::optional<Gap> gap_;
  VerifyReport report_;
};

}  // namespace

VerifyReport verify(LogSource& source, std::vector<std::unique_ptr<Refold>> refolds, const VerifyOptions& options) {
  return Verification(source, std::move(refolds), options).run();
}

}  // namespace virtscale::replay
