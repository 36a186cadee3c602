// Text from outside as exact values: names, decimal numbers, times. No floating point anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "topology/contract/units.hpp"

namespace virtscale::signal {

/// A DNS label's length: domains are named after their service.
inline constexpr std::size_t name_bytes_max = 63;
/// Values above 10^15 are no measurement of anything that scales; in thousandths they still fit 63 bits.
inline constexpr std::int64_t value_max = 1'000'000'000'000'000;

/// Whether `text` names an org, a service or a cell: 1 to 63 of a-z, 0-9, '.', '_' and '-', with a letter or digit at
/// both ends.
bool is_name(std::string_view text);

/// `72`, `0.72`, `-3.5`, `72%`, `7.2e+01` in thousandths (72% is 72,000); digits below a thousandth are cut off.
/// Nothing for what is no such number, for NaN and infinities, and beyond `value_max`.
std::optional<std::int64_t> parse_thousandths(std::string_view text);

/// A time of RFC 3339 with any fraction and offset, in microseconds; digits below a microsecond are cut off.
std::optional<Instant> parse_time(std::string_view text);

}  // namespace virtscale::signal
