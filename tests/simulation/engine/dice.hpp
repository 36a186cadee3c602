// Dice: a stream of numbers from a seed and a name, the same on every machine.
//
// The one thing to know: streams are many and small. Whoever draws has a stream of its own, so that one draw more or
// less in one place changes nothing elsewhere.
#pragma once

#include <cstdint>
#include <string_view>

#include "topology/contract/units.hpp"

namespace virtscale::simulation {

class Dice {
 public:
  /// The stream `name` of `seed`; streams of different names or numbers have nothing to do with each other.
  Dice(std::uint64_t seed, std::string_view name, std::uint64_t number = 0);

  /// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
  std::uint64_t next();
  /// From 0 to `n` - 1. REQUIRES: n ≥ 1. The bias is below n / 2^64.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  /// From `low` to `high`, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  Duration between(Duration low, Duration high) { return {between(low.us, high.us)}; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  /// True `n` times in a thousand.
  bool permille(std::uint64_t n) { return below(1'000) < n; }

 private:
  std::uint64_t state_;
};

}  // namespace virtscale::simulation
