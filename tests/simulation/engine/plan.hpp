// The plan of a run: the seed, and what a shrinker may take away from what follows from it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tests/simulation/engine/fault.hpp"

namespace virtscale::simulation {

/// How the five stages are joined in a run.
enum class Shape : std::uint8_t {
  embedded,  ///< one process with all stages on one log, which is read before it is durable
  cluster,   ///< processes of each stage over brokers, with partitions that change hands
};

/// Everything that a run depends on. The same plan gives the same bytes.
struct Plan {
  static constexpr std::uint32_t all = UINT32_MAX;

  std::uint64_t seed = 1;
  /// Of each kind of fault, only the first so many happen, and of these the first `skips` do not.
  std::array<std::uint32_t, faults_count> budgets = filled();
  std::array<std::uint32_t, faults_count> skips{};
  /// Of the workload, only the first so many actions (changes, alerts, requests) happen.
  std::uint32_t actions_max = all;

  static constexpr std::array<std::uint32_t, faults_count> filled() {
    std::array<std::uint32_t, faults_count> budgets{};
    budgets.fill(all);
    return budgets;
  }
};

}  // namespace virtscale::simulation
