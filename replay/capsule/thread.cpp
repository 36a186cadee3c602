#include "replay/capsule/thread.hpp"

#include <algorithm>
#include <tuple>

#include "replay/command.hpp"
#include "replay/decision/trace.hpp"
#include "schemas/codec.hpp"

namespace virtscale::replay {
namespace {

// Records of a log and what led to them.
class Collection {
 public:
  explicit Collection(Log& log) : log_(log) {}

  /// Adds the record, and so many of its causes, one behind the other.
  void add(const RecordPlace& at, std::size_t causes) {
    if (!found_.contains(at) && !note(at)) return;
    const auto record = causes > 0 ? record_at(log_, at) : std::nullopt;
    const auto cause = record ? cause_of(record->value) : std::nullopt;
    if (cause) add(*cause, causes - 1);
  }

  Subject subject(const std::string& org) const {
    Subject subject{.org = org};
    subject.first = subject.last = found_.begin()->second;
    for (const auto& [place, moment] : found_) {
      subject.thread.insert(place);
      subject.first = std::min(subject.first, moment);
      subject.last = std::max(subject.last, moment);
    }
    return subject;
  }

 private:
  bool note(const RecordPlace& at) {
    log_.read(at.of, at.offset, 1, [&](const LogRecord& record) {
      if (record.offset == at.offset) found_[at] = moment_of(record);
      return false;
    });
    return found_.contains(at);
  }

  Log& log_;
  std::map<RecordPlace, Moment> found_;
};

// What has begun the thread has a history of its own; a checkpoint was asked for by a record, and signed outside; one
// record has caused each of the others.
std::size_t causes_to_add(const Trace& trace, const TracedRecord& record) {
  if (&record == &trace.records.front()) return causes_max;
  return body_of<schema::CheckpointPublished>(record) != nullptr ? 2 : 1;
}

// The second answer to a request counts for nothing.
bool answers_again(const TracedRecord& record, std::set<EventId>& answered) {
  const auto id = id_of(record.event().header()->answers());
  return id && id_of(record.event().header()->id()).stage == Source::edge && !answered.insert(id).second;
}

std::uint64_t first_since(Log& log, TopicPartition of, const Moment& moment) {
  auto offset = log.offset_at(of, moment.at);
  log.read(of, offset, SIZE_MAX, [&](const LogRecord& record) {
    if (moment_of(record) >= moment) return false;
    offset = record.offset + 1;
    return true;
  });
  return offset;
}

}  // namespace

Subject find_thread(Log& log, StateIndex& index, ScaleId scale, const Watch& watch) {
  const auto trace = gather_trace(log, index, scale, [&](std::uint64_t done, std::uint64_t expected) {
    if (watch) watch(done, expected);
  });
  Collection collection(log);
  std::set<EventId> answered;
  for (const auto& record : trace.records) {
    if (record.relation == Relation::copy || answers_again(record, answered)) continue;
    collection.add(record.kept.at, causes_to_add(trace, record));
  }
  return collection.subject(trace.org);
}

Cut take_thread(Log& log, StateIndex& index, const Subject& subject) {
  std::vector<std::tuple<Moment, RecordPlace, KeptRecord>> records;
  Interest interest{.orgs = {subject.org}, .scales = {}};
  for (const auto& place : subject.thread) {
    log.read(place.of, place.offset, 1, [&](const LogRecord& record) {
      const auto* event = schema::verify_event(record.value);
      if (event != nullptr) interest.scales.insert({event->header()->scale()});
      records.emplace_back(moment_of(record), place, kept(record));
      return false;
    });
  }
  std::ranges::sort(records, [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  Cut cut;
  for (auto& [moment, place, record] : records) cut.records.push_back(std::move(record));
  for (auto& refold : make_refolds(log.layout())) {
    const auto first = subject.thread.lower_bound({refold->inbox(), 0});
    const bool has_records = first != subject.thread.end() && first->of == refold->inbox();
    fold_to(log, index, *refold, has_records ? first->offset : first_since(log, refold->inbox(), subject.first));
    auto& state = cut.states[refold->inbox()] = state_of(*refold);
    narrow(state, interest);
  }
  return cut;
}

}  // namespace virtscale::replay
