#include "stages/signal/calendar/cron.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

#include "stages/signal/calendar/civil.hpp"

namespace virtscale::signal {
namespace {

constexpr std::int64_t day_minutes = 1'440;
constexpr int search_days_max = 366 * 9;
// The longest time that a zone repeats is a day (a change of the date line); each of its minutes may be named.
constexpr int repeated_minutes_max = 2 * 1'440;

constexpr std::array<std::string_view, 12> month_names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  std::string_view name;
  int first;
  int last;
  std::span<const std::string_view> names{};  // of the values from `names_from`
  int names_from = 0;
};
const std::array<Field, 5> fields = {{{"minute", 0, 59},
                                      {"hour", 0, 23},
                                      {"day of month", 1, 31},
                                      {"month", 1, 12, month_names, 1},
                                      {"day of week", 0, 7, weekday_names, 0}}};

bool has(std::uint64_t set, std::int64_t value) {
  return (set >> value & 1) != 0;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> parts;
  for (const auto part : split(text, ' ')) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

std::optional<int> number(std::string_view text, int first, int last) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text[0] == '-' || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < first || value > last) return std::nullopt;
  return value;
}

std::optional<int> value_of(std::string_view text, const Field& field) {
  for (std::size_t i = 0; i < field.names.size(); ++i) {
    if (text == field.names[i]) return static_cast<int>(i) + field.names_from;
  }
  return number(text, field.first, field.last);
}

struct Range {
  int first;
  int last;
};

std::optional<Range> range_of(std::string_view text, const Field& field) {
  if (text == "*") return Range{field.first, field.last};
  const auto dash = text.find('-');
  const auto first = value_of(text.substr(0, dash), field);
  if (!first) return std::nullopt;
  if (dash == text.npos) return Range{*first, *first};
  auto last = value_of(text.substr(dash + 1), field);
  // `fri-sun`: the week may end with Sunday as well as begin with it.
  if (last == 0 && field.last == 7 && *first > 0) last = 7;
  if (!last || *last < *first) return std::nullopt;
  return Range{*first, *last};
}

std::optional<std::uint64_t> item_of(std::string_view text, const Field& field) {
  const auto slash = text.find('/');
  auto range = range_of(text.substr(0, slash), field);
  if (!range) return std::nullopt;
  int step = 1;
  if (slash != text.npos) {
    const auto given = number(text.substr(slash + 1), 1, field.last);
    if (!given) return std::nullopt;
    step = *given;
    // `5/10` is the same as `5-59/10`.
    if (text.substr(0, slash).find_first_of("*-") == text.npos) range->last = field.last;
  }
  std::uint64_t set = 0;
  for (int value = range->first; value <= range->last; value += step) set |= std::uint64_t{1} << value;
  return set;
}

std::optional<std::uint64_t> set_of(std::string_view text, const Field& field, std::string& fault) {
  std::uint64_t set = 0;
  for (const auto item : split(text, ',')) {
    const auto values = item_of(item, field);
    if (!values) {
      fault = "'" + std::string(item) + "' is no " + std::string(field.name) + ": write " +
              std::to_string(field.first) + " to " + std::to_string(field.last) + ", a range, a step or *";
      return std::nullopt;
    }
    set |= *values;
  }
  return set;
}

// Text that goes into a message must be printable whatever came in.
bool is_plain(std::string_view text) {
  return text.size() <= cron_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

bool names_day(const Cron& cron, std::int64_t day) {
  const auto civil = civil_of(day);
  if (!has(cron.months, civil.month)) return false;
  const bool by_month = has(cron.days, civil.day);
  const bool by_week = has(cron.weekdays, weekday_of(day));
  return cron.rule == Cron::Days::either ? by_month || by_week : by_month && by_week;
}

std::optional<std::int64_t> first_minute(const Cron& cron, std::int64_t from) {
  for (auto minute = from; minute < day_minutes; ++minute) {
    if (has(cron.hours, minute / 60) && has(cron.minutes, minute % 60)) return minute;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> Cron::next(std::int64_t minute) const {
  const auto from = minute + 1;
  const auto today = floor_div(from, day_minutes);
  for (auto day = today; day < today + search_days_max; ++day) {
    if (!names_day(*this, day)) continue;
    const auto found = first_minute(*this, day == today ? from - today * day_minutes : 0);
    if (found) return day * day_minutes + *found;
  }
  return std::nullopt;
}

std::optional<Cron> parse_cron(std::string_view text, std::string& fault) {
  if (!is_plain(text)) {
    fault = "a cron expression is plain text of at most 256 characters";
    return std::nullopt;
  }
  const auto lowered = lower(text);
  const auto parts = words(lowered);
  if (parts.size() != fields.size()) {
    fault = "a cron expression has five fields (minute, hour, day of month, month, day of week), this has " +
            std::to_string(parts.size());
    return std::nullopt;
  }
  std::array<std::uint64_t, 5> sets;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto set = set_of(parts[i], fields[i], fault);
    if (!set) return std::nullopt;
    sets[i] = *set;
  }
  Cron cron{sets[0], sets[1], sets[2], sets[3], (sets[4] | sets[4] >> 7) & 0x7f};
  if (parts[2][0] != '*' && parts[4][0] != '*') cron.rule = Cron::Days::either;
  if (cron.next(0)) return cron;
  fault = "no year has such a day";
  return std::nullopt;
}

std::optional<Instant> next_due(const Cron& cron, const Zone& zone, Instant after) {
  // Earlier named minutes are not after `after`: the first instant of a local time never goes back as the time goes on.
  auto minute = floor_div(zone.local_seconds(after), minute_s);
  for (int i = 0; i <= repeated_minutes_max; ++i) {
    const auto named = cron.next(minute);
    if (!named) return std::nullopt;
    const auto due = zone.first_instant_of(*named * minute_s);
    if (due > after) return due;
    minute = *named;
  }
  return std::nullopt;
}

}  // namespace virtscale::signal
