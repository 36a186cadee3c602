#include "replay/what_if/past.hpp"

#include <algorithm>

#include "replay/command.hpp"
#include "replay/snapshot.hpp"
#include "replay/text.hpp"
#include "replay/what_if/foreign_policy.hpp"
#include "schemas/codec.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

RecordPlace place_of(const LogRecord& record) {
  return {record.from, record.offset};
}

bool is_good(const schema::Event& answer) {
  const auto name = schema::name_of(answer.body_type());
  return !name.ends_with("Failed") && !name.ends_with("Refused");
}

}  // namespace

PastReader::PastReader(const LogSource& source, const Range& range) : layout_(source.log->layout()), range_(range) {
  for (auto& refold : make_refolds(layout_)) {
    if (refold->stage() == Source::audit) continue;
    load_snapshot(source.snapshots, *refold);
    refolds_.push_back(std::move(refold));
  }
}

void PastReader::read_on(Log& log, const std::function<void(std::uint64_t, std::uint64_t)>& watch) {
  History history(log, what_if_topics);
  for (auto& refold : refolds_) history.fold(*refold);
  history.stop_at(range_.to);
  while (history.run_turn(*this)) {
    if (watch) watch(history.records(), history.records_expected());
  }
  if (begun_at_.empty()) begin_all(log);
}

void PastReader::begin_all(Log& log) {
  for (auto& refold : refolds_) begin(*refold);
  past_.from = std::min(range_.from, newest_);
  for (const auto& [inbox, refold] : past_.begun) begun_at_[inbox] = refold->next_offset();
  take_what_was_on_its_way(log);
}

void PastReader::go_live() {
  range_.from = Range().from;
  if (past_.records == 0) past_.first = past_.last = newest_;
}

void PastReader::end(Instant at) {
  for (const auto& refold : refolds_) {
    if (const auto* policy = policy_state(*refold)) past_.tally.end(*policy, at);
  }
}

bool PastReader::is_set(const TimerName& timer) const {
  const auto refold = std::ranges::find(refolds_, timer.inbox, [](const auto& one) { return one->inbox(); });
  const auto* set = (*refold)->books().timer(timer.key);
  return set != nullptr && set->due_us == timer.due.us;
}

void PastReader::before(const LogRecord& record, Refold* refold) {
  in_range_ = record.timestamp >= range_.from;
  newest_ = std::max(newest_, record.timestamp);
  if (in_range_) begin(*refold);
  note_answered(record, *refold);
}

void PastReader::after(const LogRecord& record, Refold* refold, Step& step) {
  if (step.fate == Fate::halted) throw std::runtime_error(place(record.from, record.offset) + ": " + step.incident);
  const auto* answer = answered_.request && step.fate == Fate::folded ? schema::verify_event(record.value) : nullptr;
  if (answer != nullptr && is_good(*answer)) past_.latencies.note(answered_.asked, record.timestamp - answered_.at);
  if (!in_range_) return;
  if (++past_.records > what_if_records_max)
    throw UsageError("the range has more than 4,000,000 records (choose a shorter one with --from and --to)");
  past_.first = past_.records == 1 ? record.timestamp : std::min(past_.first, record.timestamp);
  past_.last = std::max(past_.last, record.timestamp);
  past_.tally.folded(*refold, record, step);
  if (step.fate == Fate::folded || step.fate == Fate::rejected) take(record);
  take_emitted(record, step);
  take_asked(record, *refold, step);
}

// Copies the state of a partition as it is now, once.
void PastReader::begin(Refold& refold) {
  if (!begun_at_.empty()) return;
  auto& begun = past_.begun[refold.inbox()];
  if (begun) return;
  begun = make_refold(refold.stage(), refold.inbox().partition, layout_);
  copy_state(refold, *begun);
  if (const auto* policy = policy_state(refold))
    past_.tally.begin(*policy, std::max(std::min(range_.from, newest_), refold.stream_time()));
}

void PastReader::note_answered(const LogRecord& record, const Refold& refold) {
  answered_ = {};
  const auto* event = schema::verify_event(record.value);
  if (event == nullptr || id_of(event->header()->id()).stage != Source::edge) return;
  const auto id = id_of(event->header()->answers());
  const auto* request = refold.books().pending(id);
  if (request == nullptr) return;
  answered_ = {id, schema::GetEvent(request->event.data())->body_type(), {request->asked_at_us}};
}

void PastReader::take(const LogRecord& record) {
  const Arrival arrival{record.timestamp, record.ticket, record.offset};
  const auto* event = schema::verify_event(record.value);
  const auto id = event == nullptr ? EventId{} : id_of(event->header()->id());
  if (const auto cause = cause_of(id)) return arrived(*cause, id.index, record, event->body_type());
  if (event != nullptr && event->body_type() == schema::Body::TimerFired) {
    const auto* fired = event->body_as_TimerFired();
    past_.timers.try_emplace({record.from, fired->key()->str(), {fired->due_us()}}, arrival);
    return;
  }
  PastInput input{arrival, record.from, std::string(record.key), {record.value.begin(), record.value.end()}};
  const auto request = names_.find(answered_.request);
  if (request != names_.end()) {
    past_.requests[request->second].answer = std::move(input);
  } else {
    past_.inputs.push_back(std::move(input));
  }
}

// Emitted before the range, and arrived in it: for the range, that is an input.
void PastReader::arrived(const RecordPlace& cause, std::uint32_t index, const LogRecord& record, schema::Body body) {
  const Arrival arrival{record.timestamp, record.ticket, record.offset};
  const auto begun = begun_at_.find(cause.of);
  if (begun != begun_at_.end() && cause.offset < begun->second) {
    past_.inputs.push_back({arrival, record.from, std::string(record.key), {record.value.begin(), record.value.end()}});
  } else {
    emission(cause, index, body, record.from).arrival = arrival;
  }
}

PastEmission& PastReader::emission(const RecordPlace& cause, std::uint32_t index, schema::Body body,
                                   TopicPartition to) {
  auto& all = past_.emissions[cause];
  auto one = std::ranges::lower_bound(all, index, {}, &PastEmission::index);
  if (one == all.end() || one->index != index) one = all.insert(one, {to, body, index, std::nullopt});
  return *one;
}

void PastReader::take_emitted(const LogRecord& record, const Step& step) {
  for (const auto& emitted : step.emitted) {
    const auto& event = *schema::GetEvent(emitted.value.data());
    emission(place_of(record), id_of(event.header()->id()).index, event.body_type(), emitted.to);
  }
}

void PastReader::take_asked(const LogRecord& record, const Refold& refold, const Step& step) {
  for (const auto& request : step.asked) {
    const auto name = namer_.name(refold.stage(), *schema::GetEvent(request.event.data()), place_of(record));
    names_[request.id] = name;
    past_.requests[name].asked = record.timestamp;
  }
}

// As `arrived`, of those that came before it was known where every partition's range begins.
void PastReader::take_what_was_on_its_way(Log& log) {
  for (auto& [cause, emissions] : past_.emissions) {
    if (cause.offset >= begun_at_.at(cause.of)) continue;
    for (auto& emission : std::exchange(emissions, {})) {
      auto record = record_at(log, {emission.to, emission.arrival->offset});
      past_.inputs.push_back({*emission.arrival, emission.to, std::move(record->key), std::move(record->value)});
    }
  }
}

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

}  // namespace virtscale::replay
