#include "replay/what_if/change.hpp"

#include <algorithm>

#include "replay/command.hpp"
#include "replay/text.hpp"
#include "replay/what_if/answers.hpp"
#include "schemas/codec.hpp"
#include "stages/policy/fold.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

constexpr std::uint64_t first_new_offset = std::uint64_t{1} << 62U;

// Where something stands in the order of the changed history; `turn` keeps what is at one moment in the order in which
// it came about.
struct Moment {
  Instant at;
  Ticket ticket = 0;
  std::uint64_t turn = 0;
  friend auto operator<=>(const Moment&, const Moment&) = default;
};

struct Due {
  std::uint64_t offset = 0;
  Emitted record;
};

class ChangedHistory {
 public:
  ChangedHistory(Past past, const LogLayout& layout, OtherDocuments& documents, std::uint64_t seed)
      : past_(std::move(past)), documents_(documents), latencies_(past_, seed) {
    for (auto& [inbox, refold] : past_.begun) {
      const auto* policy = dynamic_cast<const RefoldOf<policy::Fold>*>(refold.get());
      if (policy != nullptr) changed_.tally.begin(policy->state(), std::max(past_.first, refold->stream_time()));
    }
    documents_.apply_to(past_, layout);
    for (auto& input : std::exchange(past_.inputs, {})) {
      put(input.arrival, {input.to, std::move(input.key), std::move(input.event)});
    }
  }

  Changed run() {
    while (!next_is_beyond_the_end()) {
      auto next = due_.extract(due_.begin());
      now_ = std::max(now_, next.key());
      fold(next.key().at, next.mapped());
    }
    for (const auto& [inbox, refold] : past_.begun) {
      const auto* policy = dynamic_cast<const RefoldOf<policy::Fold>*>(refold.get());
      if (policy != nullptr) changed_.tally.end(policy->state(), past_.last);
    }
    return std::move(changed_);
  }

 private:
  struct Lane {
    Moment last;
    bool ended = false;
  };

  // Timers that are due before the next record are put before it.
  bool next_is_beyond_the_end() {
    ring_until(due_.empty() ? past_.last : due_.begin()->first.at);
    return due_.empty() || due_.begin()->first.at > past_.last;
  }

  void put(const Arrival& arrival, Emitted record) {
    due_.emplace(Moment{arrival.at, arrival.ticket, ++turn_}, Due{arrival.offset, std::move(record)});
  }

  Arrival unrecorded(Instant at) { return {at, now_.ticket, first_new_offset + ++new_offsets_}; }

  void fold(Instant at, const Due& due) {
    const RecordPlace cause{due.record.to, due.offset};
    auto& refold = *past_.begun.at(cause.of);
    const LogRecord record{cause.of, cause.offset, at, due.record.key, due.record.event};
    const auto step = refold.fold(record);
    if (step.fate == Fate::halted) throw LogError(place(cause.of, cause.offset) + ": " + step.incident);
    changed_.tally.folded(refold, record, step);
    for (const auto& emitted : step.emitted) deliver(refold, cause, emitted);
    for (const auto& request : step.asked) answer(refold, cause, *request);
    emissions_seen_.clear();
  }

  // --- Events ------------------------------------------------------------------------------------------------------

  void deliver(const Refold& refold, const RecordPlace& cause, const Emitted& emitted) {
    const auto& event = *schema::GetEvent(emitted.event.data());
    if (const auto refusal = documents_.refusal_in(event); !refusal.empty())
      throw UsageError("--with: this document would be refused: " + refusal);
    if (!past_.begun.contains(emitted.to)) return;
    auto& lane = lanes_[{refold.inbox(), emitted.to}];
    const auto* recorded = recorded_emission(cause, emitted.to, event.body_type());
    // What was not recorded at the very end of the log is not there in the changed history either.
    lane.ended = lane.ended || (recorded != nullptr && !recorded->arrival);
    if (lane.ended) return;
    auto arrival = recorded != nullptr ? *recorded->arrival : unrecorded(now_.at);
    // Lanes keep their order, whatever has moved.
    const auto earliest = std::max(Moment{lane.last.at, lane.last.ticket}, Moment{now_.at, now_.ticket});
    if (Moment{arrival.at, arrival.ticket} < earliest) {
      arrival.at = earliest.at;
      arrival.ticket = earliest.ticket;
    }
    put(arrival, emitted);
    lane.last = {arrival.at, arrival.ticket};
  }

  // The recorded event of the same cause and kind: the first for the first, the second for the second.
  const PastEmission* recorded_emission(const RecordPlace& cause, TopicPartition to, schema::Body body) {
    const auto recorded = past_.emissions.find(cause);
    if (recorded == past_.emissions.end()) return nullptr;
    auto nth = emissions_seen_[{to, body}]++;
    for (const auto& emission : recorded->second) {
      if (emission.to == to && emission.body == body && nth-- == 0) return &emission;
    }
    return nullptr;
  }

  // --- Answers -----------------------------------------------------------------------------------------------------

  void answer(const Refold& refold, const RecordPlace& cause, const EffectRequest& request) {
    const auto& asked = *schema::GetEvent(request.event.data());
    const auto name = namer_.name(refold.stage(), asked, cause);
    const auto recorded = past_.requests.find(name);
    if (recorded == past_.requests.end()) return model(refold, name, request);
    if (!recorded->second.answer) return;
    auto input = std::move(*recorded->second.answer);
    const auto took = input.arrival.at - recorded->second.asked;
    if (recorded->second.asked != now_.at) {
      input.arrival = unrecorded(now_.at + took);
      ++changed_.moved;
    }
    put(input.arrival, {refold.inbox(), std::move(input.key), readdressed(std::move(input.event), request)});
  }

  void model(const Refold& refold, const RequestName& name, const EffectRequest& request) {
    const auto took = latencies_.draw(name.body);
    changed_.modelled.push_back(
        {request.scale, request.org, name.body, name.about, now_.at, took, latencies_.samples(name.body)});
    put(unrecorded(now_.at + took), {refold.inbox(), to_string(request.scale), modelled_answer(request)});
  }

  // --- Timers ------------------------------------------------------------------------------------------------------

  // Lets all timers that are due until then come: those that were recorded when they did.
  void ring_until(Instant until) {
    for (const auto& [inbox, refold] : past_.begun) {
      for (const auto& timer : refold->books().due_timers()) {
        if (timer.due > std::min(until, past_.last)) break;
        ring({inbox, timer.key, timer.due});
      }
    }
  }

  void ring(const TimerName& timer) {
    if (!rung_.insert(timer).second) return;
    const auto recorded = past_.timers.find(timer);
    if (recorded == past_.timers.end() && past_.timers_not_rung.contains(timer)) return;
    schema::TimerFiredT fired;
    fired.key = timer.key;
    fired.due_us = timer.due.us;
    auto event = encode(fired, "");
    fill_header(event, {.id = ids_.next()});
    auto arrival = recorded != past_.timers.end() ? recorded->second : unrecorded(std::max(timer.due, now_.at));
    put(arrival, {timer.inbox, timer.key, std::move(event)});
  }

  Past past_;
  OtherDocuments& documents_;
  Latencies latencies_;
  std::map<Moment, Due> due_;
  std::map<std::pair<TopicPartition, TopicPartition>, Lane> lanes_;
  std::map<std::pair<TopicPartition, schema::Body>, std::uint32_t> emissions_seen_;  // of the record being folded
  RequestNamer namer_;
  std::set<TimerName> rung_;
  EdgeIds ids_{2};
  std::uint64_t turn_ = 0;
  std::uint64_t new_offsets_ = 0;
  Moment now_{{std::numeric_limits<std::int64_t>::min()}};
  Changed changed_;
};

}  // namespace

Changed change_history(Past past, const LogLayout& layout, OtherDocuments& documents, std::uint64_t seed) {
  return ChangedHistory(std::move(past), layout, documents, seed).run();
}

}  // namespace virtscale::replay
