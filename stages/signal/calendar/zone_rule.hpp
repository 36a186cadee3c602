// The rule by which a zone goes on after its last recorded change: the footer of a TZif file, which is a POSIX TZ
// string with the extension of RFC 8536 section 3.3.1, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace virtscale::signal {

/// From `at_s` (seconds since 1970, UTC) on, local time is UTC plus `offset_s`.
struct ZoneChange {
  std::int64_t at_s = 0;
  std::int32_t offset_s = 0;
};

/// A day of each year and a time on it.
struct YearlyChange {
  enum class Form : std::uint8_t {
    julian,   ///< `Jn`: day 1 to 365, February 29 is never counted
    ordinal,  ///< `n`: day 0 to 365, February 29 is counted
    weekday,  ///< `Mm.w.d`: week 1 to 5 (5: the last) of the month, and the weekday from 0 for Sunday
  } form{};
  int month = 0;
  int week = 0;
  int day = 0;
  std::int32_t time_s = 7'200;  ///< local time, before the change; -167 to 167 hours
};

/// Standard time, and perhaps summer time for a part of each year.
struct ZoneRule {
  struct Summer {
    std::int32_t offset_s = 0;
    YearlyChange begins;
    YearlyChange ends;
  };
  std::int32_t standard_offset_s = 0;
  std::optional<Summer> summer;

  std::int32_t offset_at(std::int64_t at_s) const;
  /// The first change after `at_s`; nothing without summer time.
  std::optional<ZoneChange> change_after(std::int64_t at_s) const;
};

/// Nothing if `text` is not such a string.
std::optional<ZoneRule> parse_zone_rule(std::string_view text);

}  // namespace virtscale::signal
