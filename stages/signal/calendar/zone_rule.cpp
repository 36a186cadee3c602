#include "stages/signal/calendar/zone_rule.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "stages/signal/calendar/civil.hpp"

namespace virtscale::signal {
namespace {

constexpr int rule_hours_max = 167;
constexpr int offset_hours_max = 24;

// Reads from the front of a text; once something is missing it stays `broken`.
struct Reader {
  std::string_view rest;
  bool broken = false;

  bool accept(char c) {
    if (broken || rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  void expect(char c) { broken = !accept(c) || broken; }

  int number(int first, int last) {
    int value = 0;
    const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, value);
    if (digits == 0 || error != std::errc() || value < first || value > last) broken = true;
    rest.remove_prefix(digits);
    return broken ? first : value;
  }

  // [+-]hh[:mm[:ss]]
  std::int32_t time(int hours_max) {
    const bool negative = accept('-');
    if (!negative) accept('+');
    std::int32_t seconds = number(0, hours_max) * 3'600;
    if (accept(':')) seconds += number(0, 59) * 60;
    if (accept(':')) seconds += number(0, 59);
    return negative ? -seconds : seconds;
  }

  // Three or more letters, or anything between < and >.
  void name() {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const bool quoted = accept('<');
    const auto end = std::min(quoted ? rest.find('>') : rest.find_first_not_of(letters), rest.size());
    if (end < 3) broken = true;
    rest.remove_prefix(end);
    if (quoted) expect('>');
  }
};

YearlyChange change_of(Reader& reader) {
  YearlyChange change;
  if (reader.accept('M')) {
    change.form = YearlyChange::Form::weekday;
    change.month = reader.number(1, 12);
    reader.expect('.');
    change.week = reader.number(1, 5);
    reader.expect('.');
    change.day = reader.number(0, 6);
  } else if (reader.accept('J')) {
    change.form = YearlyChange::Form::julian;
    change.day = reader.number(1, 365);
  } else {
    change.form = YearlyChange::Form::ordinal;
    change.day = reader.number(0, 365);
  }
  if (reader.accept('/')) change.time_s = reader.time(rule_hours_max);
  return change;
}

std::int64_t day_in(const YearlyChange& change, std::int64_t year) {
  const auto january = days_of({year, 1, 1});
  if (change.form == YearlyChange::Form::ordinal) return january + change.day;
  if (change.form == YearlyChange::Form::julian) {
    const bool after_leap_day = days_in_month(year, 2) == 29 && change.day > 59;
    return january + change.day - 1 + (after_leap_day ? 1 : 0);
  }
  const auto first = days_of({year, change.month, 1});
  const auto to_weekday = (change.day - weekday_of(first) + 7) % 7;
  auto day = to_weekday + (change.week - 1) * 7;
  if (day >= days_in_month(year, change.month)) day -= 7;
  return first + day;
}

// The changes of three years around an instant, in order: enough to find the one before and the one after it.
std::array<ZoneChange, 6> changes_around(const ZoneRule& rule, std::int64_t at_s) {
  std::array<ZoneChange, 6> changes;
  const auto middle = civil_of(floor_div(at_s, day_s)).year;
  std::size_t i = 0;
  for (auto year = middle - 1; year <= middle + 1; ++year) {
    const auto& summer = *rule.summer;
    changes[i++] = {day_in(summer.begins, year) * day_s + summer.begins.time_s - rule.standard_offset_s,
                    summer.offset_s};
    changes[i++] = {day_in(summer.ends, year) * day_s + summer.ends.time_s - summer.offset_s, rule.standard_offset_s};
  }
  std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.at_s < b.at_s; });
  return changes;
}

}  // namespace

std::int32_t ZoneRule::offset_at(std::int64_t at_s) const {
  if (!summer) return standard_offset_s;
  auto offset = standard_offset_s;
  for (const auto& change : changes_around(*this, at_s)) {
    if (change.at_s <= at_s) offset = change.offset_s;
  }
  return offset;
}

std::optional<ZoneChange> ZoneRule::change_after(std::int64_t at_s) const {
  if (!summer) return std::nullopt;
  for (const auto& change : changes_around(*this, at_s)) {
    if (change.at_s > at_s) return change;
  }
  return std::nullopt;
}

std::optional<ZoneRule> parse_zone_rule(std::string_view text) {
  Reader reader{text};
  ZoneRule rule;
  reader.name();
  // POSIX counts hours west of Greenwich.
  rule.standard_offset_s = -reader.time(offset_hours_max);
  if (!reader.broken && !reader.rest.empty()) {
    auto& summer = *(rule.summer = ZoneRule::Summer());
    reader.name();
    const bool has_offset = !reader.rest.empty() && reader.rest.front() != ',';
    summer.offset_s = has_offset ? -reader.time(offset_hours_max) : rule.standard_offset_s + 3'600;
    reader.expect(',');
    summer.begins = change_of(reader);
    reader.expect(',');
    summer.ends = change_of(reader);
  }
  if (reader.broken || !reader.rest.empty()) return std::nullopt;
  return rule;
}

}  // namespace virtscale::signal
