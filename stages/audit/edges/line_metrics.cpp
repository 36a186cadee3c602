#include "stages/audit/edges/line_metrics.hpp"

#include <boost/json.hpp>
#include <vector>

#include "schemas/codec.hpp"

namespace virtscale::audit {
namespace json = boost::json;
namespace {

std::string_view text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::int64_t number_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

// The first step is the signal itself.
std::vector<StepTime> steps_of(const json::object& line) {
  std::vector<StepTime> times;
  const auto* steps = line.if_contains("steps");
  if (steps == nullptr || !steps->is_array() || steps->get_array().empty()) return times;
  const auto& all = steps->get_array();
  const auto began = all.front().is_object() ? number_in(all.front().get_object(), "at_us") : 0;
  for (const auto& step : all) {
    if (!step.is_object()) continue;
    times.push_back({text_in(step.get_object(), "step"), {number_in(step.get_object(), "at_us") - began}});
  }
  return times;
}

}  // namespace

void LineMetrics::own(std::set<std::uint32_t> partitions) {
  const std::lock_guard lock(mutex_);
  owned_ = std::move(partitions);
}

bool LineMetrics::is_ours(std::string_view org) {
  const std::lock_guard lock(mutex_);
  return owned_.contains(partition_of(org, partitions_));
}

void LineMetrics::take(const LogRecord& record) {
  if (!is_ours(record.key)) return;
  const auto* event = schema::verify_event(record.value);
  const auto* appended = event == nullptr ? nullptr : event->body_as_LineAppended();
  if (appended == nullptr) return;
  boost::system::error_code error;
  const auto value = json::parse(appended->line()->string_view(), error);
  if (error || !value.is_object()) return;
  const auto& line = value.get_object();
  const auto steps = steps_of(line);
  metrics_.line_written({.org = record.key,
                         .decision = text_in(line, "decision"),
                         .dimension = text_in(line, "binding"),
                         .steps = steps});
}

}  // namespace virtscale::audit
