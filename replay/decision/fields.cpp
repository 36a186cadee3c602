#include "replay/decision/fields.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

namespace json = boost::json;

// Numbers of microseconds above this are instants (after 1973), below it spans.
constexpr std::int64_t instants_from_us = 100'000'000'000'000;

// What came from outside never moves a terminal's cursor.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; }, ' ');
  return line;
}

std::string seconds_text(std::int64_t us) {
  char text[48];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(us) / 1e6);
  return text;
}

std::string number_text(std::string_view path, const json::value& value) {
  const auto number = value.is_int64() ? value.as_int64() : static_cast<std::int64_t>(value.to_number<double>());
  if (path.ends_with("_us") && number != 0)
    return number >= instants_from_us ? to_text(Instant{number}) : seconds_text(number);
  if (path.ends_with("scale") && number > 0) return to_string(ScaleId{static_cast<std::uint64_t>(number)});
  return json::serialize(value);
}

bool is_long_list_of_numbers(const json::value& value) {
  const auto* list = value.if_array();
  return list != nullptr && list->size() > numbers_shown_max && list->front().is_number();
}

void collect(std::vector<Field>& fields, const std::string& path, const json::value& value) {
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object)
      collect(fields, path.empty() ? std::string(name) : path + "." + std::string(name), member);
  } else if (is_long_list_of_numbers(value)) {
    fields.push_back({path, std::to_string(value.as_array().size()) + " numbers"});
  } else if (const auto* list = value.if_array()) {
    for (std::size_t i = 0; i < list->size(); ++i) collect(fields, path + "[" + std::to_string(i) + "]", (*list)[i]);
  } else if (const auto* text = value.if_string()) {
    fields.push_back({path, one_line(*text)});
  } else {
    fields.push_back({path, value.is_number() ? number_text(path, value) : json::serialize(value)});
  }
}

json::value parsed(std::string_view text) {
  boost::system::error_code error;
  auto value = json::parse(json::string_view(text.data(), text.size()), error);
  return error ? json::value() : value;
}

std::vector<Field> fields_in(const json::value& value) {
  std::vector<Field> fields;
  if (!value.is_null()) collect(fields, "", value);
  return fields;
}

const std::string* find(const std::vector<Field>& fields, const std::string& path) {
  const auto found = std::ranges::find(fields, path, &Field::path);
  return found == fields.end() ? nullptr : &found->value;
}

}  // namespace

std::vector<Field> fields_of(std::string_view text) {
  return fields_in(parsed(text));
}

std::vector<Field> body_fields(Bytes event) {
  const auto value = parsed(event_json(event));
  const auto* object = value.if_object();
  const auto* body = object == nullptr ? nullptr : object->if_contains("body");
  return body == nullptr ? std::vector<Field>() : fields_in(*body);
}

std::vector<FieldChange> differences(const RowText& row) {
  const auto before = fields_of(row.before);
  const auto after = fields_of(row.after);
  std::vector<FieldChange> changes;
  for (const auto& field : before) {
    const auto* now = find(after, field.path);
    if (now == nullptr || *now != field.value) changes.push_back({field.path, field.value, now ? *now : ""});
  }
  for (const auto& field : after) {
    if (find(before, field.path) == nullptr) changes.push_back({field.path, "", field.value});
  }
  return changes;
}

std::string in_words(const std::vector<Field>& fields) {
  std::string text;
  for (const auto& field : fields) text += (text.empty() ? "" : ", ") + field.path + " " + field.value;
  return text;
}

}  // namespace virtscale::replay
