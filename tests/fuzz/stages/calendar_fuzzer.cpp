// Cron expressions, time zones, and numbers and times as text. Input: three texts and a time.
// Properties: an expression is read or its fault is named; the next minute is later, is named by the expression, and
// none between is; what is due is later than now; all of it in bounded time.
#include "stages/signal/calendar/civil.hpp"
#include "stages/signal/calendar/cron.hpp"
#include "stages/signal/edges/text.hpp"
#include "tests/fuzz/input.hpp"

namespace virtscale::fuzz {
namespace {

using signal::Cron;
using signal::Zone;

// Years 1900 to 2300, in minutes: where people schedule.
constexpr std::int64_t minute_min = -36'816'480;
constexpr std::int64_t minutes = 210'379'680;
constexpr std::int64_t looked_through_max = 2'000;

bool has(std::uint64_t set, std::int64_t value) {
  return (set >> value & 1U) != 0;
}

// By the words of crontab(5), without the search of Cron::next.
bool names(const Cron& cron, std::int64_t minute) {
  const auto day = signal::floor_div(minute, 1'440);
  const auto civil = signal::civil_of(day);
  const bool by_month = has(cron.days, civil.day);
  const bool by_week = has(cron.weekdays, signal::weekday_of(day));
  const bool is_day = cron.rule == Cron::Days::either ? by_month || by_week : by_month && by_week;
  const auto within = minute - day * 1'440;
  return is_day && has(cron.months, civil.month) && has(cron.hours, within / 60) && has(cron.minutes, within % 60);
}

void check_next(const Cron& cron, std::int64_t from) {
  const auto next = cron.next(from);
  check(next.has_value(), "an expression that was read names a minute in every nine years");
  check(*next > from && names(cron, *next), "the next minute is later, and is named");
  const auto end = std::min(*next, from + looked_through_max);
  for (auto minute = from + 1; minute < end; ++minute) check(!names(cron, minute), "no minute between is named");
}

void check_due(const Cron& cron, const Zone& zone, std::int64_t from) {
  Instant at{from * 60'000'000};
  for (int n = 0; n < 3; ++n) {
    const auto due = signal::next_due(cron, zone, at);
    if (!due) return;
    check(*due > at, "what is due is later than now");
    at = *due;
  }
}

void check_zone(const Zone& zone, std::int64_t from) {
  const Instant at{from * 60'000'000};
  const auto first = zone.first_instant_of(zone.local_seconds(at));
  check(first <= at, "a local time is first shown no later than now");
}

void check_numbers(std::string_view text) {
  if (const auto value = signal::parse_thousandths(text)) {
    const auto bound = signal::value_max * 1'000;
    check(*value >= -bound && *value <= bound, "a number is within its bound", text);
    const auto printed = std::to_string(*value) + "e-3";
    check(signal::parse_thousandths(printed) == value || *value == 0, "a number that is printed reads the same",
          printed);
  }
  if (const auto time = signal::parse_time(text))
    check(time->us > -63'000'000'000'000'000 && time->us < 254'000'000'000'000'000,
          "a time has four digits for its year");
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  fuzz::Input input(data, size);
  const auto text = input.text();
  const auto from = fuzz::minute_min + static_cast<std::int64_t>(input.integer<std::uint32_t>()) % fuzz::minutes;
  std::string fault;
  const auto cron = signal::parse_cron(text, fault);
  fuzz::check(cron.has_value() == fault.empty(), "an expression is read, or its fault is named", fault);
  fuzz::check_numbers(text);
  signal::parse_zone_rule(input.text());
  const auto zone = signal::parse_zone(input.rest());
  if (zone) fuzz::check_zone(*zone, from);
  if (cron) fuzz::check_next(*cron, from);
  if (cron) fuzz::check_due(*cron, zone.value_or(signal::Zone()), from);
  return 0;
}
