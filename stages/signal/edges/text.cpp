#include "stages/signal/edges/text.hpp"

#include <algorithm>

#include "stages/signal/calendar/civil.hpp"

namespace virtscale::signal {
namespace {

constexpr std::size_t number_bytes_max = 64;
constexpr int exponent_max = 30;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z');
}

// Takes characters from the front of a text; once something is missing it stays `broken`.
struct Reader {
  std::string_view rest;
  bool broken = false;

  bool accept(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  void expect(char c) { broken = !accept(c) || broken; }
  std::string_view digits() {
    const auto run = rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size()));
    rest.remove_prefix(run.size());
    return run;
  }
  // Exactly so many digits.
  int number(std::size_t count, int last) {
    const auto run = rest.substr(0, count);
    int value = 0;
    for (const auto c : run) value = is_digit(c) ? value * 10 + (c - '0') : last + 1;
    if (run.size() < count || value > last) broken = true;
    rest.remove_prefix(run.size());
    return broken ? 0 : value;
  }
};

struct Decimal {
  std::string_view whole;
  std::string_view fraction;
  int exponent = 0;
  enum class Sign : std::uint8_t { plus, minus } sign{};
};

std::optional<Decimal> decimal_of(std::string_view text) {
  if (text.size() > number_bytes_max) return std::nullopt;
  Reader reader{text};
  Decimal decimal;
  if (reader.accept('-'))
    decimal.sign = Decimal::Sign::minus;
  else
    reader.accept('+');
  decimal.whole = reader.digits();
  if (reader.accept('.')) decimal.fraction = reader.digits();
  if (decimal.whole.empty() && decimal.fraction.empty()) return std::nullopt;
  if (reader.accept('e') || reader.accept('E')) {
    const bool negative = reader.accept('-');
    if (!negative) reader.accept('+');
    const auto exponent = reader.digits();
    if (exponent.empty() || exponent.size() > 3) return std::nullopt;
    for (const auto c : exponent) decimal.exponent = decimal.exponent * 10 + (c - '0');
    if (negative) decimal.exponent = -decimal.exponent;
  }
  reader.accept('%');
  if (!reader.rest.empty()) return std::nullopt;
  return decimal;
}

// The digit at a place of the number without its point: 0 beyond both ends.
std::int64_t digit_at(const Decimal& decimal, std::int64_t place) {
  const auto whole = static_cast<std::int64_t>(decimal.whole.size());
  const auto total = whole + static_cast<std::int64_t>(decimal.fraction.size());
  if (place < 0 || place >= total) return 0;
  const auto at = static_cast<std::size_t>(place);
  return (place < whole ? decimal.whole[at] : decimal.fraction[at - decimal.whole.size()]) - '0';
}

std::int32_t offset_of(Reader& reader) {
  if (reader.accept('Z') || reader.accept('z')) return 0;
  const bool west = reader.accept('-');
  if (!west) reader.expect('+');
  auto seconds = reader.number(2, 23) * 3'600;
  reader.expect(':');
  seconds += reader.number(2, 59) * 60;
  return west ? -seconds : seconds;
}

std::int64_t fraction_us(Reader& reader) {
  if (!reader.accept('.')) return 0;
  const auto digits = reader.digits();
  if (digits.empty()) reader.broken = true;
  std::int64_t us = 0;
  for (std::size_t i = 0; i < 6; ++i) us = us * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return us;
}

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > name_bytes_max) return false;
  if (!is_letter_or_digit(text.front()) || !is_letter_or_digit(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

std::optional<std::int64_t> parse_thousandths(std::string_view text) {
  const auto decimal = decimal_of(text);
  if (!decimal || decimal->exponent > exponent_max) return std::nullopt;
  // All digits up to the third behind the point, once the exponent has moved it.
  const auto end = static_cast<std::int64_t>(decimal->whole.size()) + decimal->exponent + 3;
  std::int64_t value = 0;
  for (std::int64_t place = 0; place < end; ++place) {
    const auto digit = digit_at(*decimal, place);
    if (value > (value_max * 1'000 - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return decimal->sign == Decimal::Sign::minus ? -value : value;
}

std::optional<Instant> parse_time(std::string_view text) {
  Reader reader{text};
  CivilDay day;
  day.year = reader.number(4, 9'999);
  reader.expect('-');
  day.month = reader.number(2, 12);
  reader.expect('-');
  day.day = reader.number(2, 31);
  if (!reader.accept('T') && !reader.accept('t')) reader.expect(' ');
  std::int64_t seconds = reader.number(2, 23) * hour_s;
  reader.expect(':');
  seconds += reader.number(2, 59) * minute_s;
  reader.expect(':');
  // A leap second, 60, is the second after it.
  seconds += reader.number(2, 60);
  const auto us = fraction_us(reader);
  seconds -= offset_of(reader);
  if (reader.broken || !reader.rest.empty()) return std::nullopt;
  if (day.month < 1 || day.day < 1 || day.day > days_in_month(day.year, day.month)) return std::nullopt;
  return Instant{(days_of(day) * day_s + seconds) * 1'000'000 + us};
}

}  // namespace virtscale::signal
