#include "replay/what_if/past.hpp"

#include <algorithm>

#include "replay/command.hpp"
#include "replay/snapshot.hpp"
#include "replay/text.hpp"
#include "schemas/codec.hpp"
#include "stages/policy/fold.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

RecordPlace place_of(const LogRecord& record) {
  return {record.from, record.offset};
}

class PastReader final : public Onlooker {
 public:
  PastReader(LogSource& source, const Range& range) : log_(*source.log), range_(range), history_(log_, what_if_topics) {
    for (auto& refold : make_refolds(log_.layout())) {
      if (refold->stage() == Source::audit) continue;
      load_snapshot(source.snapshots, *refold);
      history_.fold(*refolds_.emplace_back(std::move(refold)));
    }
    history_.stop_at(range.to);
  }

  Past read(const std::function<void(std::uint64_t, std::uint64_t)>& watch) {
    while (history_.run_turn(*this)) {
      if (watch) watch(history_.records(), history_.records_expected());
    }
    for (auto& refold : refolds_) begin(*refold);
    take_what_was_on_its_way();
    for (auto& refold : refolds_) end(*refold);
    return std::move(past_);
  }

  void before(const LogRecord& record, Refold* refold) override {
    in_range_ = record.timestamp >= range_.from;
    if (in_range_) begin(*refold);
    answered_ = in_range_ ? request_answered_by(record, *refold) : EventId{};
  }

  void after(const LogRecord& record, Refold* refold, Step& step) override {
    if (!in_range_ || refold == nullptr) return;
    if (++past_.records > what_if_records_max)
      throw UsageError("the range has more than 4,000,000 records (choose a shorter one with --from and --to)");
    past_.first = past_.records == 1 ? record.timestamp : std::min(past_.first, record.timestamp);
    past_.last = std::max(past_.last, record.timestamp);
    past_.tally.folded(*refold, record, step);
    if (step.fate == Fate::halted) throw LogError(place(record.from, record.offset) + ": " + step.incident);
    if (step.fate == Fate::folded || step.fate == Fate::rejected) take(record);
    take_emitted(record, step);
    take_asked(record, *refold, step);
  }

 private:
  // Copies the state of a partition as it is now, once.
  void begin(Refold& refold) {
    auto& begun = past_.begun[refold.inbox()];
    if (begun) return;
    begun = make_refold(refold.stage(), refold.inbox().partition, log_.layout());
    copy_state(refold, *begun);
    const auto* policy = dynamic_cast<const RefoldOf<policy::Fold>*>(&refold);
    if (policy != nullptr) past_.tally.begin(policy->state(), std::max(range_.from, refold.stream_time()));
  }

  void end(Refold& refold) {
    for (const auto& timer : refold.books().due_timers())
      past_.timers_not_rung.insert({refold.inbox(), timer.key, timer.due});
    const auto* policy = dynamic_cast<const RefoldOf<policy::Fold>*>(&refold);
    if (policy != nullptr) past_.tally.end(policy->state(), past_.last);
  }

  static EventId request_answered_by(const LogRecord& record, const Refold& refold) {
    const auto* event = schema::verify_event(record.value);
    if (event == nullptr || id_of(event->header()->id()).stage != Source::edge) return {};
    const auto answered = id_of(event->header()->answers());
    return refold.books().pending(answered) == nullptr ? EventId{} : answered;
  }

  void take(const LogRecord& record) {
    const Arrival arrival{record.timestamp, record.ticket, record.offset};
    const auto* event = schema::verify_event(record.value);
    const auto id = event == nullptr ? EventId{} : id_of(event->header()->id());
    if (const auto cause = cause_of(id)) return arrived(*cause, id.index, *event, record.from, arrival);
    if (event != nullptr && event->body_type() == schema::Body::TimerFired) {
      const auto* fired = event->body_as_TimerFired();
      past_.timers.try_emplace({record.from, fired->key()->str(), {fired->due_us()}}, arrival);
      return;
    }
    PastInput input{arrival, record.from, std::string(record.key), {record.value.begin(), record.value.end()}};
    const auto request = names_.find(answered_);
    if (request != names_.end()) {
      past_.requests[request->second].answer = std::move(input);
    } else {
      past_.inputs.push_back(std::move(input));
    }
  }

  void arrived(const RecordPlace& cause, std::uint32_t index, const schema::Event& event, TopicPartition to,
               const Arrival& arrival) {
    emission(cause, index, event.body_type(), to).arrival = arrival;
  }

  PastEmission& emission(const RecordPlace& cause, std::uint32_t index, schema::Body body, TopicPartition to) {
    auto& all = past_.emissions[cause];
    auto one = std::ranges::lower_bound(all, index, {}, &PastEmission::index);
    if (one == all.end() || one->index != index) one = all.insert(one, {to, body, index, std::nullopt});
    return *one;
  }

  void take_emitted(const LogRecord& record, const Step& step) {
    for (const auto& emitted : step.emitted) {
      const auto& event = *schema::GetEvent(emitted.event.data());
      emission(place_of(record), id_of(event.header()->id()).index, event.body_type(), emitted.to);
    }
  }

  void take_asked(const LogRecord& record, const Refold& refold, const Step& step) {
    for (const auto& request : step.asked) {
      const auto name = namer_.name(refold.stage(), *schema::GetEvent(request->event.data()), place_of(record));
      names_[request->id] = name;
      past_.requests[name].asked = record.timestamp;
    }
  }

  // Emitted before the range, and arrived in it: for the range, that is an input.
  void take_what_was_on_its_way() {
    for (auto& [cause, emissions] : past_.emissions) {
      if (cause.offset >= past_.begun.at(cause.of)->next_offset()) continue;
      for (auto& emission : std::exchange(emissions, {})) {
        auto record = record_at(log_, {emission.to, emission.arrival->offset});
        past_.inputs.push_back({*emission.arrival, emission.to, std::move(record->key), std::move(record->value)});
      }
    }
  }

  Log& log_;
  const Range range_;
  History history_;
  std::vector<std::unique_ptr<Refold>> refolds_;
  RequestNamer namer_;
  std::map<EventId, RequestName> names_;
  Past past_;
  bool in_range_ = false;
  EventId answered_;
};

}  // namespace

std::string domain_in(const schema::Event& request) {
  if (const auto* start = request.body_as_StartDomain()) return start->domain()->str();
  if (const auto* stop = request.body_as_StopDomain()) return stop->domain()->str();
  if (const auto* probe = request.body_as_ProbeDomain()) return probe->domain()->str();
  if (const auto* add = request.body_as_AddBackend()) return add->domain()->str();
  if (const auto* drain = request.body_as_DrainBackend()) return drain->domain()->str();
  return {};
}

RequestName RequestNamer::name(Source stage, const schema::Event& request, const RecordPlace& cause) {
  auto about = domain_in(request);
  if (about.empty()) about = place(cause.of, cause.offset);
  const auto turn = turns_[{stage, request.body_type(), about}]++;
  return {stage, request.body_type(), std::move(about), turn};
}

Past read_past(LogSource& source, const Range& range, const std::function<void(std::uint64_t, std::uint64_t)>& watch) {
  return PastReader(source, range).read(watch);
}

}  // namespace virtscale::replay
