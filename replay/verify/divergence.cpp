#include "replay/verify/divergence.hpp"

#include <array>
#include <boost/json.hpp>

#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

namespace json = boost::json;

json::value event_value(Bytes event) {
  json::error_code error;
  auto value = json::parse(event_json(event), error);
  return error ? json::value(event_json(event)) : value;
}

json::value side_value(const std::optional<DivergedEvent>& side) {
  if (!side) return nullptr;
  return json::object{{"key", side->key}, {"event", event_value(side->event)}};
}

json::object record_value(const KeptRecord& record) {
  return {{"place", place(record.at.of, record.at.offset)},
          {"time_us", record.timestamp.us},
          {"key", record.key},
          {"event", event_value(record.value)}};
}

std::string side_text(std::string_view name, const std::optional<DivergedEvent>& side) {
  if (!side) return {};
  return std::string(name) + "key " + side->key + ", " + std::string(body_name(side->event)) + " " +
         event_json(side->event) + "\n";
}

}  // namespace

std::string_view name_of(DivergenceKind kind) {
  constexpr std::array<std::string_view, 8> names = {"differs", "missing", "unexplained", "copy",
                                                     "altered", "halted",  "line",        "checkpoint"};
  return names[static_cast<std::size_t>(kind)];
}

std::string to_text(const Divergence& divergence) {
  std::string text = "divergence (" + std::string(name_of(divergence.kind)) + ") at " +
                     place(divergence.at.of, divergence.at.offset) + ", " + to_text(divergence.time) + "\n  " +
                     divergence.what + "\n";
  text += side_text("  recorded: ", divergence.recorded);
  text += side_text("  folded:   ", divergence.folded);
  if (!divergence.led_to.empty()) text += "  led to by:\n";
  for (const auto& record : divergence.led_to) {
    text += "    " + place(record.at.of, record.at.offset) + "  " + to_text(record.timestamp) + "  " + record.key +
            "  " + std::string(body_name(record.value)) + " " + event_json(record.value) + "\n";
  }
  return text;
}

std::string to_json(const Divergence& divergence) {
  json::array led_to;
  for (const auto& record : divergence.led_to) led_to.push_back(record_value(record));
  return json::serialize(json::object{{"kind", name_of(divergence.kind)},
                                      {"topic", name_of(divergence.at.of.topic)},
                                      {"partition", divergence.at.of.partition},
                                      {"offset", divergence.at.offset},
                                      {"time_us", divergence.time.us},
                                      {"what", divergence.what},
                                      {"recorded", side_value(divergence.recorded)},
                                      {"folded", side_value(divergence.folded)},
                                      {"led_to", std::move(led_to)}});
}

}  // namespace virtscale::replay
