#include "replay/text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "schemas/codec.hpp"
#include "schemas/print/print.hpp"
#include "topology/graph.hpp"

namespace virtscale::replay {
namespace {

constexpr std::int64_t us_per_second = 1'000'000;
constexpr std::int64_t us_per_day = 86'400 * us_per_second;

// Takes numbers and marks off a text that must have exactly them.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }
  bool begins_with(char mark) const { return !rest_.empty() && rest_.front() == mark; }
  /// Digits, exactly so many.
  int number(std::size_t digits) {
    int value = 0;
    const auto* const end = rest_.data() + std::min(digits, rest_.size());
    const auto [stopped, error] = std::from_chars(rest_.data(), end, value);
    ok_ = ok_ && rest_.size() >= digits && error == std::errc() && stopped == end && rest_.front() != '-';
    rest_.remove_prefix(std::min(digits, rest_.size()));
    return value;
  }
  void mark(char wanted) {
    ok_ = ok_ && begins_with(wanted);
    if (ok_) rest_.remove_prefix(1);
  }
  /// `.` and 1 to 6 digits as microseconds; 0 if there is none.
  std::int64_t fraction() {
    if (!begins_with('.')) return 0;
    rest_.remove_prefix(1);
    std::int64_t us = 0;
    std::size_t digits = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && digits < 6; ++digits) {
      us = us * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    ok_ = ok_ && digits > 0;
    for (; digits < 6; ++digits) us *= 10;
    return us;
  }
  /// `Z`, `+HH:MM` or `-HH:MM` in minutes.
  int zone() {
    if (begins_with('Z')) {
      mark('Z');
      return 0;
    }
    const int sign = begins_with('-') ? -1 : 1;
    mark(sign < 0 ? '-' : '+');
    const int hour = number(2);
    mark(':');
    return sign * (hour * 60 + number(2));
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::optional<Instant> parse_microseconds(std::string_view text) {
  std::int64_t us = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), us);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Instant{us};
}

// Characters of UTF-8: bytes that continue none.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

}  // namespace

std::string to_text(Instant at) {
  const auto day = at.us >= 0 ? at.us / us_per_day : (at.us + 1) / us_per_day - 1;
  const auto seconds = (at.us - day * us_per_day) / us_per_second;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(seconds / 3'600), static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60),
                static_cast<int>(at.us - day * us_per_day - seconds * us_per_second));
  return text;
}

std::optional<Instant> parse_instant(std::string_view text) {
  if (!text.empty() && text.find_first_not_of("0123456789") == text.npos) return parse_microseconds(text);
  Scanner in(text);
  const int year = in.number(4);
  in.mark('-');
  const int month = in.number(2);
  in.mark('-');
  const int day = in.number(2);
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!in.ok() || !date.ok()) return std::nullopt;
  const auto midnight = std::chrono::sys_days(date).time_since_epoch().count() * us_per_day;
  if (in.done()) return Instant{midnight};
  in.mark('T');
  const int hour = in.number(2);
  in.mark(':');
  const int minute = in.number(2);
  in.mark(':');
  const int second = in.number(2);
  const auto us = in.fraction();
  const int zone = in.zone();
  if (!in.done() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return Instant{midnight + ((hour * 60LL + minute - zone) * 60 + second) * us_per_second + us};
}

std::string place(TopicPartition of, std::uint64_t offset) {
  return std::string(name_of(of.topic)) + "/" + std::to_string(of.partition) + "@" + std::to_string(offset);
}

std::string to_text(const EventId& id) {
  const std::string stage(id.stage == Source::edge ? "edge" : graph::node_of(id.stage).name);
  return stage + "/" + std::to_string(id.partition) + "@" + std::to_string(id.offset) + "." + std::to_string(id.index);
}

std::string event_json(Bytes event) {
  if (schema::verify_event(event) == nullptr) return "{\"bytes\": " + std::to_string(event.size()) + "}";
  return schema::print_event(event);
}

std::string_view body_name(Bytes event) {
  const auto* verified = schema::verify_event(event);
  return verified == nullptr ? "unreadable" : schema::name_of(verified->body_type());
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] + 2 - width_of(row[i]), ' ');
    std::printf("%s\n", line.substr(0, line.find_last_not_of(' ') + 1).c_str());
  }
}

std::string with_commas(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

}  // namespace virtscale::replay
