#include "replay/postmortem/case.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "replay/command.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

constexpr std::size_t read_at_once = 1'024;

std::string text(const flatbuffers::String* string) {
  return string == nullptr ? std::string() : string->str();
}

Instant minus(Instant at, Duration by) {
  return {at.us - by.us};
}

// Reads one partition's records of [from, to), each verified.
template <class Visit>
void each_event(Log& log, TopicPartition of, Instant from, Instant to, Visit visit) {
  auto next = log.offset_at(of, from);
  for (bool more = true; more;) {
    const auto read = log.read(of, next, read_at_once, [&](const LogRecord& record) {
      next = record.offset + 1;
      if (record.timestamp >= to) return more = false;
      if (const auto* event = schema::verify_event(record.value)) visit(record, *event);
      return true;
    });
    more = more && read > 0;
  }
}

TopicPartition keyed(const Log& log, Topic topic, std::string_view key) {
  return {topic, partition_of(key, log.layout().partitions[static_cast<std::size_t>(topic)])};
}

void take_lines(Case& of) {
  for (const auto& trace : of.traces) {
    for (const auto& record : trace.records) {
      const auto* appended = record.relation == Relation::copy ? nullptr : body_of<schema::LineAppended>(record);
      auto line = appended == nullptr ? std::nullopt : parse_line(appended->line()->string_view());
      if (line) of.lines.push_back({*std::move(line), appended->line()->str(), record.kept.timestamp, record.kept.at});
    }
  }
  std::ranges::sort(of.lines, {}, [](const LineAt& line) { return line.line.index; });
}

bool is_about_postmortems(const TracedRecord& record) {
  const auto* folded = body_of<schema::DocumentFolded>(record);
  return (folded != nullptr && folded->kind()->string_view() == "Postmortem") ||
         body_of<schema::PostmortemDrafted>(record) != nullptr || body_of<schema::PostmortemClosed>(record) != nullptr;
}

// Drafts are about the event, and no part of it: with them, no draft could be made again as it was.
void leave_out_postmortems(Trace& trace) {
  std::erase_if(trace.records, is_about_postmortems);
  link_records(trace);
}

void take_span(Case& of) {
  of.begin = of.traces.front().records.front().kept.timestamp;
  of.end = of.begin;
  for (const auto& trace : of.traces) {
    of.begin = std::min(of.begin, trace.records.front().kept.timestamp);
    // What a refusal that stood ends with comes later, and is told by its own line.
    for (const auto& record : trace.records) of.end = std::max(of.end, record.kept.timestamp);
  }
}

// What was around, taken from the org's own partitions.
class Surroundings {
 public:
  Surroundings(Log& log, Case& of) : log_(log), of_(of) {}

  void look() {
    const auto from = minus(of_.begin, before_looked_at);
    const auto to = of_.end + around_shown;
    each_event(log_, keyed(log_, Topic::outcomes, of_.org), from, to,
               [&](const LogRecord& record, const schema::Event& event) { take_outcome(record, event); });
    each_event(log_, keyed(log_, Topic::signals, of_.org), from, to,
               [&](const LogRecord& record, const schema::Event& event) { take_document(record, event); });
    each_event(log_, keyed(log_, Topic::alerts, of_.org + "/" + of_.service), from, to,
               [&](const LogRecord& record, const schema::Event& event) { take_value(record, event); });
    each_event(log_, keyed(log_, Topic::ledger, of_.org), from, of_.begin,
               [&](const LogRecord&, const schema::Event& event) { take_line(event); });
    for (const auto& cell : cells_of(of_)) {
      each_event(log_, keyed(log_, Topic::decisions, cell), from, to,
                 [&](const LogRecord& record, const schema::Event& event) { take_cell(record, event, cell); });
    }
    std::ranges::sort(of_.elapsed_us);
    std::ranges::sort(of_.applied, {}, &ApplyAt::at);
  }

 private:
  static RecordPlace at(const LogRecord& record) { return {record.from, record.offset}; }
  bool is_ours(const schema::Event& event) const { return event.org()->string_view() == of_.org; }

  static std::set<std::string> cells_of(const Case& of) {
    std::set<std::string> cells;
    for (const auto& line : of.lines) {
      for (const auto& domain : line.line.domains) cells.insert(domain.cell);
    }
    cells.erase("");
    return cells;
  }

  // Copies that a restart left would count twice.
  bool is_new(const schema::Event& event) { return ids_.insert(id_of(event.header()->id())).second; }

  void take_outcome(const LogRecord& record, const schema::Event& event) {
    if (!is_ours(event) || !is_new(event)) return;
    if (const auto* decided = event.body_as_ScaleDecided()) {
      schema::ScaleDecidedT row;
      decided->UnPackTo(&row);
      serving_.try_emplace(row.service, row.from);
      if (row.decision == schema::Decision::admitted) admit(row.service, row.to, {row.decided_at_us}, at(record));
      of_.decisions.push_back({std::move(row), {event.header()->scale()}, record.timestamp, at(record)});
    } else if (const auto* serving = event.body_as_DomainServing()) {
      count(text(serving->service()), 1, {{}, 0, {serving->serving_at_us()}, at(record)});
    } else if (const auto* removed = event.body_as_DomainRemoved(); removed && !text(removed->domain()).empty()) {
      count(text(removed->service()), -1, {{}, 0, {removed->removed_at_us()}, at(record)});
    } else if (const auto* failed = event.body_as_DomainFailed()) {
      const auto known = admitted_.find(failed->service()->str());
      if (known != admitted_.end()) admit(known->first, known->second - 1, {failed->failed_at_us()}, at(record));
    }
  }

  void admit(const std::string& service, std::int64_t replicas, Instant at, RecordPlace place) {
    admitted_[service] = replicas;
    of_.admissions.push_back({service, replicas, at, place});
  }

  // What serves is counted on from what the first decision of the day before found.
  void count(const std::string& service, std::int64_t change, ReplicasAt serving) {
    const auto known = serving_.find(service);
    if (known == serving_.end()) return;
    known->second = std::max<std::int64_t>(0, known->second + change);
    serving.service = service;
    serving.replicas = known->second;
    of_.servings.push_back(std::move(serving));
  }

  void take_document(const LogRecord& record, const schema::Event& event) {
    if (!is_ours(event) || !is_new(event)) return;
    if (const auto* contract = event.body_as_ContractApplied()) {
      of_.applied.push_back({"Contract " + of_.org + ", version " + std::to_string(contract->version()) + ", overage " +
                                 std::to_string(contract->overage_percent()) + " %",
                             record.timestamp, at(record)});
    } else if (const auto* calendar = event.body_as_CalendarApplied()) {
      of_.applied.push_back({"Calendar " + text(calendar->name()) + ", version " + std::to_string(calendar->version()) +
                                 ", of " + of_.org,
                             record.timestamp, at(record)});
    } else if (const auto* service = event.body_as_ServiceApplied()) {
      of_.applied.push_back({"Service " + of_.org + "/" + text(service->spec()->name()), record.timestamp, at(record)});
    }
  }

  void take_value(const LogRecord& record, const schema::Event& event) {
    if (!is_ours(event)) return;
    if (const auto* raised = event.body_as_AlertRaised()) {
      of_.values.push_back({text(raised->service()), text(raised->name()), raised->value_milli(), raised->queue_depth(),
                            false, record.timestamp, at(record)});
    } else if (const auto* resolved = event.body_as_AlertResolved()) {
      of_.values.push_back(
          {text(resolved->service()), text(resolved->name()), 0, -1, true, record.timestamp, at(record)});
    }
    std::erase_if(of_.values, [&](const ValueAt& value) { return value.service != of_.service; });
  }

  void take_line(const schema::Event& event) {
    const auto* appended = is_ours(event) ? event.body_as_LineAppended() : nullptr;
    const auto line = appended == nullptr || !is_new(event) ? std::nullopt : parse_line(text(appended->line()));
    if (line && line->decision == "admitted" && line->to > line->from) of_.elapsed_us.push_back(line->elapsed_us);
  }

  void take_cell(const LogRecord& record, const schema::Event& event, const std::string& cell) {
    const auto* applied = event.body_as_CellApplied();
    if (applied == nullptr || text(applied->name()) != cell) return;
    of_.applied.push_back({"Cell " + cell, record.timestamp, at(record)});
  }

  Log& log_;
  Case& of_;
  std::map<std::string, std::int64_t> serving_;
  std::map<std::string, std::int64_t> admitted_;
  std::set<EventId> ids_;
};

std::string service_in(const Trace& trace) {
  if (const auto* record = first_of<schema::ScaleDecided>(trace))
    return text(body_of<schema::ScaleDecided>(*record)->service());
  if (const auto* record = first_of<schema::ScaleWanted>(trace))
    return text(body_of<schema::ScaleWanted>(*record)->service());
  return {};
}

Case completed(const LogSource& source, std::vector<Trace> traces) {
  Case of;
  of.is_cut = !source.snapshots.empty();
  of.org = traces.front().org;
  of.service = service_in(traces.front());
  of.traces = std::move(traces);
  for (auto& trace : of.traces) leave_out_postmortems(trace);
  take_lines(of);
  take_span(of);
  Surroundings(*source.log, of).look();
  return of;
}

}  // namespace

Case case_of(const LogSource& source, ScaleId scale, const OnProgress& progress) {
  std::vector<Trace> traces;
  traces.push_back(gather_trace(*source.log, scale, progress));
  return completed(source, std::move(traces));
}

Case case_of(const LogSource& source, const std::string& org, Instant from, Instant to, const OnProgress& progress) {
  std::vector<ScaleId> scales;
  each_event(*source.log, keyed(*source.log, Topic::ledger, org), from, to,
             [&](const LogRecord&, const schema::Event& event) {
               const ScaleId scale{event.header()->scale()};
               if (event.body_type() != schema::Body::LineAppended || event.org()->string_view() != org) return;
               if (std::ranges::find(scales, scale) == scales.end()) scales.push_back(scale);
             });
  if (scales.empty())
    throw NotFound("the ledger of " + org + " has no line in this range: look for one with `virtscale ledger show`");
  if (scales.size() > case_events_max) {
    throw UsageError("the range has " + std::to_string(scales.size()) + " scale events: narrow it to " +
                     std::to_string(case_events_max) + " with --from and --to");
  }
  std::vector<Trace> traces;
  for (const auto scale : scales) {
    progress(traces.size(), scales.size());
    traces.push_back(gather_trace(*source.log, scale, [](std::uint64_t, std::uint64_t) {}));
  }
  return completed(source, std::move(traces));
}

std::string name_of(const Trace& trace) {
  return to_string(trace.scale);
}

const Trace& trace_of(const Case& of, const LineAt& line) {
  return *std::ranges::find_if(of.traces, [&](const Trace& trace) { return name_of(trace) == line.line.event; });
}

}  // namespace virtscale::replay
