// Values as people write them, read exactly: no floating point, no guessing of units.
//
// Each reader returns an empty string and sets `value`, or says what is wrong and what to write instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "topology/contract/units.hpp"

namespace virtscale {

/// Far above any real machine or contract, and far below where sums and products of a projection would overflow.
inline constexpr std::int64_t vcpu_milli_max = 10'000'000'000;  // ten million vCPU
inline constexpr std::int64_t size_mib_max = 1LL << 40;         // one EiB
inline constexpr Duration duration_max = hours(24 * 366);
inline constexpr std::size_t name_bytes_max = 63;        // a DNS label: RFC 1123, 2.1
inline constexpr std::size_t node_name_bytes_max = 253;  // a DNS name

/// `500ms`, `60s`, `5m`, `24h`.
std::string read_duration(std::string_view text, Duration& value);
/// `512MiB`, `480GiB`, `10TiB`, as MiB.
std::string read_mebibytes(std::string_view text, std::int64_t& value);
/// `100GiB`, `10TiB`, as GiB: a part of one is refused.
std::string read_gibibytes(std::string_view text, std::int64_t& value);
/// `10%`.
std::string read_percent(std::string_view text, std::int32_t& value);
/// `100`, `0.5` or `500m`, as thousandths.
std::string read_vcpu(std::string_view text, std::int64_t& value);
/// An integer, with an optional sign.
std::string read_integer(std::string_view text, std::int64_t& value);
/// `YYYY-MM-DD`, a day that exists.
std::string read_date(std::string_view text, std::string& value);
/// Lower-case letters, digits and `-`; begins and ends with a letter or digit; at most 63.
std::string read_name(std::string_view text, std::string& value);
/// Names joined by dots.
std::string read_node_name(std::string_view text, std::string& value);
/// `name@domain`.
std::string read_mail_address(std::string_view text, std::string& value);
/// `10.10.4.12/32`, or IPv6.
std::string read_prefix(std::string_view text, std::string& value);
/// Five fields; what each may hold is checked by the calendar of the signal stage.
std::string read_cron(std::string_view text, std::string& value);
/// `Europe/Berlin`, `UTC`.
std::string read_zone(std::string_view text, std::string& value);

}  // namespace virtscale
