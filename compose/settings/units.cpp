#include "compose/settings/units.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <span>

namespace virtscale {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array duration_units = {Unit{"ms", 1'000}, Unit{"s", 1'000'000}, Unit{"m", 60'000'000},
                                       Unit{"h", 3'600'000'000}};
constexpr std::array size_units = {Unit{"MiB", 1}, Unit{"GiB", 1'024}, Unit{"TiB", 1'048'576}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Digits and nothing else, up to 18 of them: no overflow.
std::optional<std::int64_t> digits(std::string_view text) {
  std::int64_t value = 0;
  if (text.empty() || text.size() > 18 || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string quoted(std::string_view text) {
  std::string shown = "`";
  for (const auto c : text.substr(0, 64)) shown.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  return shown + (text.size() > 64 ? "…`" : "`");
}

/// The amount and the unit at its end; nothing if either is not one.
std::optional<std::int64_t> measured(std::string_view text, std::span<const Unit> units) {
  const auto end = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  const auto amount = digits(text.substr(0, end));
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == text.substr(end); });
  std::int64_t value = 0;
  if (!amount || unit == units.end() || __builtin_mul_overflow(*amount, unit->factor, &value)) return std::nullopt;
  return value;
}

std::string size_fault(std::string_view text) {
  for (const auto* decimal : {"MB", "GB", "TB", "M", "G", "T"}) {
    if (!text.ends_with(decimal)) continue;
    return quoted(text) + " has a decimal unit; write " + std::string(1, decimal[0]) + "iB, sizes are binary";
  }
  return quoted(text) + " is not a size; write a whole number and its unit, such as 512MiB, 480GiB or 10TiB";
}

template <class Allowed>
bool consists_of(std::string_view text, std::size_t bytes_max, Allowed allowed) {
  return !text.empty() && text.size() <= bytes_max && std::all_of(text.begin(), text.end(), allowed);
}

bool is_name(std::string_view text) {
  const auto may_stand = [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; };
  return consists_of(text, name_bytes_max, may_stand) && text.front() != '-' && text.back() != '-';
}

}  // namespace

std::string read_duration(std::string_view text, Duration& value) {
  const auto us = measured(text, duration_units);
  if (!us) return quoted(text) + " is not a duration; write a whole number and its unit, such as 500ms, 60s, 5m or 24h";
  if (*us > duration_max.us) return quoted(text) + " is longer than a year; write less";
  value = {*us};
  return {};
}

std::string read_mebibytes(std::string_view text, std::int64_t& value) {
  const auto mib = measured(text, size_units);
  if (!mib) return size_fault(text);
  if (*mib > size_mib_max) return quoted(text) + " is more than 1048576TiB; write less";
  value = *mib;
  return {};
}

std::string read_gibibytes(std::string_view text, std::int64_t& value) {
  std::int64_t mib = 0;
  if (auto fault = read_mebibytes(text, mib); !fault.empty()) return fault;
  if (mib % 1'024 != 0) return quoted(text) + " is not a whole number of GiB; disks are counted in GiB";
  value = mib / 1'024;
  return {};
}

std::string read_percent(std::string_view text, std::int32_t& value) {
  const auto percent = text.ends_with('%') ? digits(text.substr(0, text.size() - 1)) : std::nullopt;
  if (!percent || *percent > 1'000)
    return quoted(text) + " is not a percentage; write a whole number and %, such as 10%";
  value = static_cast<std::int32_t>(*percent);
  return {};
}

std::string read_vcpu(std::string_view text, std::int64_t& value) {
  const auto wrong = quoted(text) + " is not a number of vCPU; write 4, 0.5 or 500m, up to ten million";
  if (text.size() > 16) return wrong;
  std::optional<std::int64_t> milli;
  const auto point = text.find('.');
  if (text.ends_with('m')) {
    milli = digits(text.substr(0, text.size() - 1));
  } else if (point == std::string_view::npos) {
    if (const auto whole = digits(text)) milli = *whole <= vcpu_milli_max ? *whole * 1'000 : *whole;
  } else if (auto part = std::string(text.substr(point + 1)); !part.empty() && part.size() <= 3) {
    part.resize(3, '0');
    const auto whole = digits(text.substr(0, point));
    const auto thousandths = digits(part);
    if (whole && thousandths && *whole <= vcpu_milli_max) milli = *whole * 1'000 + *thousandths;
  }
  if (!milli || *milli > vcpu_milli_max) return wrong;
  value = *milli;
  return {};
}

std::string read_integer(std::string_view text, std::int64_t& value) {
  const auto is_signed = text.starts_with('+') || text.starts_with('-');
  const auto amount = digits(text.substr(is_signed ? 1 : 0));
  if (!amount) return quoted(text) + " is not an integer; write a whole number";
  value = text.starts_with('-') ? -*amount : *amount;
  return {};
}

std::string read_date(std::string_view text, std::string& value) {
  const auto wrong = quoted(text) + " is not a day; write it as YYYY-MM-DD, such as 2025-11-02";
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return wrong;
  const auto year = digits(text.substr(0, 4));
  const auto month = digits(text.substr(5, 2));
  const auto day = digits(text.substr(8, 2));
  if (!year || !month || !day) return wrong;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return wrong;
  value = text;
  return {};
}

std::string read_name(std::string_view text, std::string& value) {
  if (!is_name(text)) {
    return quoted(text) + " is not a name; use lower-case letters, digits and `-`, at most 63, not `-` at either end";
  }
  value = text;
  return {};
}

std::string read_node_name(std::string_view text, std::string& value) {
  const auto wrong = quoted(text) + " is not a node's name; use names joined by dots, such as r3.05.nd-04a2c1";
  if (text.size() > node_name_bytes_max) return wrong;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('.', begin), text.size());
    if (!is_name(text.substr(begin, end - begin))) return wrong;
    begin = end + 1;
  }
  value = text;
  return {};
}

std::string read_mail_address(std::string_view text, std::string& value) {
  constexpr std::size_t address_bytes_max = 254;  // RFC 5321, 4.5.3.1.3
  const auto at = text.find('@');
  const auto may_stand = [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("()<>[]:;\\,\"").find(c) == std::string_view::npos;
  };
  const auto is_address = consists_of(text, address_bytes_max, may_stand) && at != 0 && at + 1 < text.size() &&
                          at != std::string_view::npos && text.find('@', at + 1) == std::string_view::npos;
  if (!is_address) return quoted(text) + " is not a mail address; write name@domain";
  value = text;
  return {};
}

std::string read_prefix(std::string_view text, std::string& value) {
  const auto wrong = quoted(text) + " is not an address with its prefix length; write 10.10.4.12/32";
  const auto slash = text.find('/');
  // YAML can write a zero byte, at which inet_pton would stop.
  if (slash == std::string_view::npos || text.size() > 64 || text.find('\0') != std::string_view::npos) return wrong;
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const std::string address(text.substr(0, slash));
  const auto length = digits(text.substr(slash + 1));
  const auto is_ipv4 = inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
  const auto is_ipv6 = !is_ipv4 && inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1;
  if (!length || (!is_ipv4 && !is_ipv6) || *length > (is_ipv4 ? 32 : 128)) return wrong;
  value = text;
  return {};
}

std::string read_cron(std::string_view text, std::string& value) {
  constexpr std::size_t cron_bytes_max = 256;
  const auto may_stand = [](char c) {
    return is_digit(c) || is_letter(c) || std::string_view(" *,-/").find(c) != std::string_view::npos;
  };
  auto fields = 0;
  auto before = ' ';
  for (const auto c : text) {
    if (before == ' ' && c != ' ') ++fields;
    before = c;
  }
  if (!consists_of(text, cron_bytes_max, may_stand) || fields != 5) {
    return quoted(text) + " is not a schedule; write five fields in quotes, such as \"0 8 * * 1-5\"";
  }
  value = text;
  return {};
}

std::string read_zone(std::string_view text, std::string& value) {
  const auto may_stand = [](char c) {
    return is_digit(c) || is_letter(c) || c == '/' || c == '_' || c == '-' || c == '+';
  };
  if (!consists_of(text, name_bytes_max, may_stand) || !is_letter(text.front()) || text.back() == '/') {
    return quoted(text) + " is not a time zone; write its name, such as Europe/Berlin or UTC";
  }
  value = text;
  return {};
}

}  // namespace virtscale
