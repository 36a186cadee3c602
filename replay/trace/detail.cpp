#include "replay/trace/detail.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "replay/decision/fields.hpp"
#include "replay/decision/ledger_line.hpp"
#include "replay/text.hpp"
#include "topology/graph.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

constexpr std::array<std::string_view, 6> kind_names = {"says", "asks", "sets", "made", "changed", "gone"};

std::string seconds_since(Instant from, Instant at) {
  char text[48];
  std::snprintf(text, sizeof text, "%+.3f s", static_cast<double>((at - from).us) / 1e6);
  return text;
}

std::string cut(std::string text) {
  if (text.size() <= detail_bytes_max) return text;
  auto end = detail_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string place_of(const TracedRecord& record) {
  return place(record.kept.at.of, record.kept.at.offset);
}

std::string_view stage_of(const TracedRecord& record) {
  return std::ranges::find(graph::stages, record.kept.at.of.topic, &graph::StageNode::inbox)->name;
}

Detail asks(const Trace& trace, const TracedRecord& record, const AskedEffect& asked) {
  auto text =
      std::string(body_name(asked.event)) + " (" + to_text(asked.id) + "): " + in_words(body_fields(asked.event));
  text = cut(std::move(text));
  if (!asked.answer) return {Detail::Kind::asks, text + "; the log has no answer"};
  const auto& answer = trace.records[*asked.answer];
  return {Detail::Kind::asks, text + "; " + std::string(body_name(answer.kept.value)) + " answers after " +
                                  seconds_since(record.kept.timestamp, answer.kept.timestamp).substr(1)};
}

Detail timer(const RowText& row) {
  if (row.after.empty()) return {Detail::Kind::sets, "timer " + row.key + " no more"};
  const auto fields = fields_of(row.after);
  const auto due = std::ranges::find(fields, "due_us", &Field::path);
  return {Detail::Kind::sets, "timer " + row.key + " for " + (due == fields.end() ? "1970" : due->value)};
}

Detail change(std::string_view stage, const RowText& row) {
  const auto head = std::string(stage) + " " + row.table + (row.key.empty() ? "" : " " + row.key);
  if (row.before.empty()) return {Detail::Kind::made, cut(head + ": " + in_words(fields_of(row.after)))};
  if (row.after.empty()) return {Detail::Kind::gone, cut(head)};
  std::string text;
  for (const auto& field : differences(row)) {
    text += (text.empty() ? "" : ", ") + field.path + " " + (field.before.empty() ? "–" : field.before) + " → " +
            (field.after.empty() ? "–" : field.after);
  }
  return {Detail::Kind::changed, cut(head + ": " + text)};
}

std::string line_text(const LedgerLine& line) {
  return "ledger line " + std::to_string(line.index) + ": " + line.org + "/" + line.service + " " + line.decision +
         " from " + std::to_string(line.from) + " to " + std::to_string(line.to) + " replicas, " +
         seconds_since({}, {line.elapsed_us}).substr(1) + " after the signal. " + line.reason;
}

std::string reach_text(const Trace& trace) {
  const auto records = with_commas(trace.records.size()) + " records, found among " + with_commas(trace.records_read);
  if (trace.folded) return records + "; " + with_commas(trace.to_fold.value_or(0)) + " folded for the states";
  return records + "; states are not shown: --state folds " + with_commas(trace.to_fold.value_or(0)) +
         " records for them";
}

}  // namespace

std::string_view name_of(Detail::Kind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

RecordHead head_of(const Trace& trace, const TracedRecord& record) {
  const auto& header = *record.event().header();
  const auto id = id_of(header.id());
  const auto answers = id_of(header.answers());
  RecordHead head{seconds_since(trace.records.front().kept.timestamp, record.kept.timestamp),
                  std::string(body_name(record.kept.value)), place_of(record), "from outside"};
  if (id.stage != Source::edge) head.by = "by " + to_text(id) + ", lane " + std::to_string(header.lane());
  if (answers.stage != Source::edge && answers) head.by += ", answers " + to_text(answers);
  if (record.relation == Relation::copy) head.by += ", a copy: dropped";
  const ScaleId scale{header.scale()};
  if (scale && scale != trace.scale) head.by += ", of " + to_string(scale);
  return head;
}

std::vector<Detail> details_of(const Trace& trace, const TracedRecord& record) {
  std::vector<Detail> details;
  const auto says = in_words(body_fields(record.kept.value));
  if (!says.empty()) details.push_back({Detail::Kind::says, cut(says)});
  for (const auto& asked : record.asked) details.push_back(asks(trace, record, asked));
  for (const auto& row : record.changed) {
    if (row.table == "host_timers") {
      details.push_back(timer(row));
    } else if (!row.table.starts_with("host_")) {
      details.push_back(change(stage_of(record), row));
    }
  }
  return details;
}

std::vector<std::string> summary_of(const Trace& trace) {
  std::vector<std::string> summary;
  for (const auto& record : trace.records) {
    const auto* appended = record.relation == Relation::copy ? nullptr : body_of<schema::LineAppended>(record);
    const auto line = appended == nullptr ? std::nullopt : parse_line(appended->line()->string_view());
    if (line) summary.push_back(line_text(*line));
  }
  if (summary.empty()) summary.push_back("It has no ledger line yet.");
  if (!trace.settled) summary.push_back("No signed checkpoint covers it in this log.");
  summary.push_back(reach_text(trace) + ".");
  return summary;
}

}  // namespace virtscale::replay
