#include "replay/what_if/change.hpp"

#include <algorithm>
#include <deque>
#include <limits>

#include "replay/command.hpp"
#include "replay/text.hpp"
#include "replay/what_if/answers.hpp"
#include "replay/what_if/foreign_policy.hpp"
#include "schemas/codec.hpp"
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

// An event that the recorded history has emitted too, and that has not arrived there yet; or one behind it.
struct Waiting {
  Emitted event;
  Moment emitted;
  RecordPlace cause;
  std::optional<std::uint32_t> recorded;  // the index of the recorded one
};

}  // namespace

class ChangedHistory::Course {
 public:
  Course(PastReader& recorded, OtherDocuments& documents, std::uint64_t seed)
      : recorded_(recorded), past_(recorded.past()), documents_(documents), drawn_(seed) {
    for (auto& [inbox, refold] : past_.begun) {
      if (const auto* policy = policy_state(*refold))
        changed_.tally.begin(*policy, std::max(past_.from, refold->stream_time()));
    }
    documents_.apply_to(past_, recorded.layout());
    take_inputs();
  }

  void go_on(Instant until) {
    for (auto& input : past_.inputs) documents_.replace(input);
    take_inputs();
    for (auto& [ends, lane] : lanes_) deliver_waiting(lane);
    answer_waiting();
    while (!next_is_beyond(until)) {
      auto next = due_.extract(due_.begin());
      now_ = std::max(now_, next.key());
      fold(next.key().at, next.mapped());
    }
  }

  void end(Instant at) {
    for (const auto& [inbox, refold] : past_.begun) {
      if (const auto* policy = policy_state(*refold)) changed_.tally.end(*policy, at);
    }
  }

  Changed& changed() { return changed_; }

 private:
  struct Lane {
    Moment last;
    std::deque<Waiting> waiting;
  };
  struct Unanswered {
    TopicPartition inbox;
    Instant asked;
    std::shared_ptr<const EffectRequest> request;
  };

  void take_inputs() {
    for (auto& input : std::exchange(past_.inputs, {}))
      put(input.arrival, {input.to, std::move(input.key), std::move(input.event)});
  }

  // Timers that are due before the next record are put before it.
  bool next_is_beyond(Instant until) {
    ring_until(due_.empty() ? until : std::min(due_.begin()->first.at, until));
    return due_.empty() || due_.begin()->first.at > until;
  }

  void put(const Arrival& arrival, Emitted record) {
    due_.emplace(Moment{arrival.at, arrival.ticket, ++turn_}, Due{arrival.offset, std::move(record)});
  }

  Arrival unrecorded(Instant at) { return {at, now_.ticket, first_new_offset + ++new_offsets_}; }

  void fold(Instant at, const Due& due) {
    const RecordPlace cause{due.record.to, due.offset};
    auto& refold = *past_.begun.at(cause.of);
    const LogRecord record{cause.of, cause.offset, at, due.record.key, due.record.event};
    Arena arena;
    const auto step = refold.fold(record, arena);
    if (step.fate == Fate::halted) throw std::runtime_error(place(cause.of, cause.offset) + ": " + step.incident);
    changed_.tally.folded(refold, record, step);
    for (const auto& emitted : step.emitted) deliver(refold, cause, emitted);
    for (const auto& request : step.asked) answer(refold, cause, request);
    emissions_seen_.clear();
  }

  // --- Events ------------------------------------------------------------------------------------------------------

  void deliver(const Refold& refold, const RecordPlace& cause, const LogAppend& emitted) {
    const auto& event = *schema::GetEvent(emitted.value.data());
    if (const auto refusal = documents_.refusal_in(event); !refusal.empty())
      throw UsageError("--with: this document would be refused: " + refusal);
    if (!past_.begun.contains(emitted.to)) return;
    auto& lane = lanes_[{refold.inbox(), emitted.to}];
    const auto* recorded = recorded_emission(cause, emitted.to, event.body_type());
    Waiting waiting{kept_of(emitted), {now_.at, now_.ticket}, cause, std::nullopt};
    if (recorded != nullptr) waiting.recorded = recorded->index;
    lane.waiting.push_back(std::move(waiting));
    deliver_waiting(lane);
  }

  // Lanes keep their order, whatever has moved; what is not in the log yet holds up what comes behind it.
  void deliver_waiting(Lane& lane) {
    while (!lane.waiting.empty()) {
      auto& next = lane.waiting.front();
      const auto arrived = arrival_of(next);
      if (!arrived) return;
      auto arrival = *arrived;
      const auto earliest = std::max(lane.last, next.emitted);
      if (Moment{arrival.at, arrival.ticket} < earliest) {
        arrival.at = earliest.at;
        arrival.ticket = earliest.ticket;
      }
      lane.last = {arrival.at, arrival.ticket};
      put(arrival, std::move(next.event));
      lane.waiting.pop_front();
    }
  }

  std::optional<Arrival> arrival_of(const Waiting& waiting) {
    if (!waiting.recorded) return unrecorded(waiting.emitted.at);
    const auto& all = past_.emissions.at(waiting.cause);
    return std::ranges::lower_bound(all, *waiting.recorded, {}, &PastEmission::index)->arrival;
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

  void answer(const Refold& refold, const RecordPlace& cause, const RequestView& request) {
    const auto name = namer_.name(refold.stage(), *schema::GetEvent(request.event.data()), cause);
    const Unanswered unanswered{refold.inbox(), now_.at, std::make_shared<EffectRequest>(request.kept())};
    const auto recorded = past_.requests.find(name);
    if (recorded == past_.requests.end()) return model(unanswered, name);
    if (!answer_as_recorded(unanswered, recorded->second)) unanswered_.emplace(name, unanswered);
  }

  void answer_waiting() {
    std::erase_if(unanswered_,
                  [&](const auto& one) { return answer_as_recorded(one.second, past_.requests.at(one.first)); });
  }

  // False if the log does not have the answer yet.
  bool answer_as_recorded(const Unanswered& unanswered, PastRequest& recorded) {
    if (!recorded.answer) return false;
    auto input = std::move(*recorded.answer);
    const auto took = input.arrival.at - recorded.asked;
    if (recorded.asked != unanswered.asked) {
      input.arrival = unrecorded(unanswered.asked + took);
      ++changed_.moved;
    }
    put(input.arrival,
        {unanswered.inbox, std::move(input.key), readdressed(std::move(input.event), *unanswered.request)});
    return true;
  }

  void model(const Unanswered& unanswered, const RequestName& name) {
    const auto& request = *unanswered.request;
    const auto took = past_.latencies.draw(name.body, drawn_);
    changed_.modelled.push_back(
        {request.scale, request.org, name.body, name.about, now_.at, took, past_.latencies.samples(name.body)});
    put(unrecorded(now_.at + took), {unanswered.inbox, to_string(request.scale), modelled_answer(request)});
  }

  // --- Timers ------------------------------------------------------------------------------------------------------

  // Lets all timers that are due until then come: those that were recorded when they did, those that the recorded
  // history has set when they ring there.
  void ring_until(Instant until) {
    for (const auto& [inbox, refold] : past_.begun) {
      for (const auto& timer : refold->books().due_timers()) {
        if (timer.due > until) break;
        ring({inbox, timer.key, timer.due});
      }
    }
  }

  void ring(const TimerName& timer) {
    if (rung_.contains(timer)) return;
    const auto recorded = past_.timers.find(timer);
    if (recorded == past_.timers.end() && recorded_.is_set(timer)) return;
    rung_.insert(timer);
    schema::TimerFiredT fired;
    fired.key = timer.key;
    fired.due_us = timer.due.us;
    auto event = encode(fired, "");
    fill_header(event, {.id = ids_.next()});
    auto arrival = recorded != past_.timers.end() ? recorded->second : unrecorded(std::max(timer.due, now_.at));
    put(arrival, {timer.inbox, timer.key, std::move(event)});
  }

  PastReader& recorded_;
  Past& past_;
  OtherDocuments& documents_;
  std::uint64_t drawn_;
  std::map<Moment, Due> due_;
  std::map<std::pair<TopicPartition, TopicPartition>, Lane> lanes_;
  std::map<std::pair<TopicPartition, schema::Body>, std::uint32_t> emissions_seen_;  // of the record being folded
  std::map<RequestName, Unanswered> unanswered_;
  RequestNamer namer_;
  std::set<TimerName> rung_;
  EdgeIds ids_{2};
  std::uint64_t turn_ = 0;
  std::uint64_t new_offsets_ = 0;
  Moment now_{{std::numeric_limits<std::int64_t>::min()}};
  Changed changed_;
};

ChangedHistory::ChangedHistory(PastReader& recorded, OtherDocuments& documents, std::uint64_t seed)
    : course_(std::make_unique<Course>(recorded, documents, seed)) {}

ChangedHistory::~ChangedHistory() = default;

void ChangedHistory::go_on(Instant until) {
  course_->go_on(until);
}

void ChangedHistory::end(Instant at) {
  course_->end(at);
}

Changed& ChangedHistory::changed() {
  return course_->changed();
}

}  // namespace virtscale::replay
