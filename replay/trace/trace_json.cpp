#include <boost/json.hpp>

#include "replay/text.hpp"
#include "replay/trace/views.hpp"
#include "topology/graph.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

namespace json = boost::json;

json::value parsed(const std::string& text) {
  boost::system::error_code error;
  auto value = text.empty() ? json::value() : json::parse(text, error);
  return error ? json::value(text) : value;
}

std::string_view name_of(Relation relation) {
  return relation == Relation::own ? "own" : relation == Relation::context ? "context" : "copy";
}

json::value place_of(const Trace& trace, const std::optional<std::size_t>& index) {
  if (!index) return nullptr;
  const auto& at = trace.records[*index].kept.at;
  return json::string(place(at.of, at.offset));
}

json::array asks_of(const Trace& trace, const TracedRecord& record) {
  json::array asks;
  for (const auto& asked : record.asked) {
    asks.push_back({{"id", to_text(asked.id)},
                    {"name", body_name(asked.event)},
                    {"event", parsed(event_json(asked.event))},
                    {"answer", place_of(trace, asked.answer)}});
  }
  return asks;
}

json::array changes_of(const TracedRecord& record) {
  json::array changes;
  for (const auto& row : record.changed) {
    changes.push_back(
        {{"table", row.table}, {"key", row.key}, {"before", parsed(row.before)}, {"after", parsed(row.after)}});
  }
  return changes;
}

json::object record_of(const Trace& trace, const TracedRecord& record) {
  const auto& at = record.kept.at;
  const auto& header = *record.event().header();
  return {{"at", place(at.of, at.offset)},
          {"topic", name_of(at.of.topic)},
          {"partition", at.of.partition},
          {"offset", at.offset},
          {"time", to_text(record.kept.timestamp)},
          {"time_us", record.kept.timestamp.us},
          {"since_us", (record.kept.timestamp - trace.records.front().kept.timestamp).us},
          {"key", record.kept.key},
          {"name", body_name(record.kept.value)},
          {"id", to_text(id_of(header.id()))},
          {"scale", header.scale() == 0 ? json::value() : json::value(to_string(ScaleId{header.scale()}))},
          {"lane", header.lane()},
          {"epoch", header.epoch()},
          {"relation", name_of(record.relation)},
          {"cause", place_of(trace, record.cause)},
          {"event", parsed(event_json(record.kept.value))},
          {"asks", asks_of(trace, record)},
          {"changes", changes_of(record)}};
}

}  // namespace

std::string trace_json(const Trace& trace) {
  json::array records;
  for (const auto& record : trace.records) records.push_back(record_of(trace, record));
  return json::serialize(json::object{{"event", to_string(trace.scale)},
                                      {"org", trace.org},
                                      {"settled", trace.settled},
                                      {"records_read", trace.records_read},
                                      {"records_to_fold", trace.to_fold.value_or(0)},
                                      {"folded", trace.folded},
                                      {"records", std::move(records)}});
}

}  // namespace virtscale::replay
