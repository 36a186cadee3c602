// Units as types: an instant is not a duration, and a vCPU is not a mebibyte.
//
// Everything is an integer. Folds neither see nor make floating point numbers, since those differ between machines.
#pragma once

#include <compare>
#include <cstdint>

namespace virtscale {

/// A span of time in microseconds; may be negative as a difference.
struct Duration {
  std::int64_t us = 0;
  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.us + b.us}; }
  friend constexpr Duration operator*(Duration a, std::int64_t n) { return {a.us * n}; }
};

constexpr Duration microseconds(std::int64_t n) {
  return {n};
}
constexpr Duration milliseconds(std::int64_t n) {
  return {n * 1'000};
}
constexpr Duration seconds(std::int64_t n) {
  return {n * 1'000'000};
}
constexpr Duration hours(std::int64_t n) {
  return {n * 3'600'000'000};
}

/// A point in time: microseconds since 1970-01-01T00:00:00Z. In a fold it is always the timestamp of a record.
struct Instant {
  std::int64_t us = 0;
  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant at, Duration by) { return {at.us + by.us}; }
  friend constexpr Duration operator-(Instant later, Instant earlier) { return {later.us - earlier.us}; }
};

}  // namespace virtscale
