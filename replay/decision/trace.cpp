#include "replay/decision/trace.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

using Places = std::map<RecordPlace, std::size_t>;

Places places_of(const Trace& trace) {
  Places places;
  for (std::size_t i = 0; i < trace.records.size(); ++i) places.emplace(trace.records[i].kept.at, i);
  return places;
}

// The last record before the timer rang that set it, as far as a fold has told.
std::optional<std::size_t> setter_of(const Trace& trace, std::size_t timer) {
  const auto& rang = trace.records[timer];
  const auto* fired = body_of<schema::TimerFired>(rang);
  std::optional<std::size_t> setter;
  if (fired == nullptr) return setter;
  for (std::size_t i = 0; i < trace.records.size(); ++i) {
    const auto& record = trace.records[i];
    const bool sets = std::ranges::any_of(record.changed, [&](const RowText& row) {
      return row.table == "host_timers" && row.key == fired->key()->string_view() && !row.after.empty();
    });
    const bool is_earlier = record.kept.at.of == rang.kept.at.of && record.kept.at.offset < rang.kept.at.offset;
    if (sets && is_earlier) setter = i;
  }
  return setter;
}

void link_causes(Trace& trace) {
  const auto places = places_of(trace);
  for (std::size_t i = 0; i < trace.records.size(); ++i) {
    auto& record = trace.records[i];
    const auto cause = cause_of(record.kept.value);
    const auto found = cause ? places.find(*cause) : places.end();
    record.cause = found == places.end() ? setter_of(trace, i) : std::optional(found->second);
  }
}

void link_answers(Trace& trace) {
  std::map<EventId, std::size_t> answers;
  for (std::size_t i = 0; i < trace.records.size(); ++i) {
    const auto id = id_of(trace.records[i].event().header()->answers());
    if (id) answers.emplace(id, i);  // the first answer counts, any other came late
  }
  for (auto& record : trace.records) {
    for (auto& asked : record.asked) {
      const auto found = answers.find(asked.id);
      asked.answer = found == answers.end() ? std::nullopt : std::optional(found->second);
    }
  }
}

// How far a record is behind its cause: between a record and the answer to what it asked stands the request.
std::size_t steps_from_cause(const TracedRecord& record) {
  return id_of(record.event().header()->answers()) ? 2 : 1;
}

// When a record comes in the order: not before its cause, even if the clocks of two brokers disagree.
std::tuple<Instant, std::size_t, RecordPlace> rank_of(const Trace& trace, std::size_t record) {
  auto at = trace.records[record].kept.timestamp;
  std::size_t depth = 0;
  for (auto next = record; trace.records[next].cause && depth < causes_max; next = *trace.records[next].cause) {
    at = std::max(at, trace.records[*trace.records[next].cause].kept.timestamp);
    depth += steps_from_cause(trace.records[next]);
  }
  return {at, depth, trace.records[record].kept.at};
}

}  // namespace

void link_records(Trace& trace) {
  link_causes(trace);
  std::vector<std::pair<std::tuple<Instant, std::size_t, RecordPlace>, std::size_t>> order;
  for (std::size_t i = 0; i < trace.records.size(); ++i) order.emplace_back(rank_of(trace, i), i);
  std::ranges::sort(order);
  std::vector<TracedRecord> sorted;
  sorted.reserve(order.size());
  for (const auto& [rank, i] : order) sorted.push_back(std::move(trace.records[i]));
  trace.records = std::move(sorted);
  link_causes(trace);
  link_answers(trace);
}

TraceTree tree_of(const Trace& trace) {
  TraceTree tree{{}, std::vector<std::vector<std::size_t>>(trace.records.size())};
  for (std::size_t i = 0; i < trace.records.size(); ++i) {
    const auto cause = trace.records[i].cause;
    (cause ? tree.children[*cause] : tree.roots).push_back(i);
  }
  return tree;
}

}  // namespace virtscale::replay
