// Time zones of the IANA database, read from the system's TZif files (RFC 8536), without the C library's global TZ.
//
// The one thing to know: a local time may not exist, or exist twice; `first_instant_of` answers for both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stages/signal/calendar/zone_rule.hpp"
#include "topology/contract/units.hpp"

namespace virtscale::signal {

/// Names such as `America/Argentina/ComodRivadavia` have at most 32 bytes today.
inline constexpr std::size_t zone_name_bytes_max = 64;
/// The largest file of today's database has under 4 KiB, but for those with leap seconds.
inline constexpr std::size_t zone_file_bytes_max = 256 * 1'024;
/// Where Debian, and most others, keep the database.
inline constexpr std::string_view zone_folder = "/usr/share/zoneinfo";

/// The offsets of one zone from UTC, past and future. Immutable.
class Zone {
 public:
  /// UTC.
  Zone() = default;
  Zone(std::int32_t first_offset_s, std::vector<ZoneChange> changes, std::optional<ZoneRule> rule)
      : first_offset_s_(first_offset_s), changes_(std::move(changes)), rule_(std::move(rule)) {}

  /// The local time at an instant, in seconds since 1970-01-01T00:00 local, rounded down.
  std::int64_t local_seconds(Instant at) const;

  /// The first instant at which the zone's clocks show `local` (in seconds since 1970-01-01T00:00 local); if they skip
  /// it, the instant after the gap.
  Instant first_instant_of(std::int64_t local) const;

 private:
  std::int32_t offset_at(std::int64_t at_s) const;
  std::optional<ZoneChange> change_after(std::int64_t at_s) const;

  std::int32_t first_offset_s_ = 0;
  std::vector<ZoneChange> changes_;
  std::optional<ZoneRule> rule_;  // for what comes after the last change
};

/// The zone in the bytes of a TZif file of version 2 or later; nothing if they are not one.
std::optional<Zone> parse_zone(std::string_view file);

/// Reads zone `name` from `folder`. Null if the name is not of the form of the database's or there is no such zone. The
/// empty name is UTC.
std::shared_ptr<const Zone> load_zone(std::string_view name, std::string_view folder = zone_folder);

}  // namespace virtscale::signal
