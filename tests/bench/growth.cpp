// Each bench's first figure at three sizes, measured once: the shape of the cost, not its height.
#include <fmt/format.h>

#include <array>

#include "tests/bench/harness.hpp"

namespace virtscale::bench {
namespace {

/// How one bench grows, and with what.
struct Growing {
  std::string_view bench;
  std::string_view with;
  std::array<std::uint64_t, 3> sizes;
  double (*measure)(std::uint64_t size);
};

constexpr std::array growing = {
    Growing{"pipeline", "services", {10, 500, 10'000}, scale_events_per_second_at},
    Growing{"latency", "services", {10, 500, 10'000}, latency_us_at},
    Growing{"gate", "services", {1, 10'000, 1'000'000}, decisions_per_second_at},
    Growing{"placement", "nodes", {100, 10'000, 100'000}, microseconds_a_placement_at},
    Growing{"replay", "scale events in the log", {1'000, 10'000, 100'000}, records_verified_per_second_at},
    Growing{"ledger", "lines", {10'000, 100'000, 400'000}, lines_appended_per_second_at},
    Growing{"memory", "services", {10'000, 100'000, 1'000'000}, bytes_per_service_at},
    Growing{"recovery", "services", {10, 1'000, 10'000}, seconds_to_the_next_decision_at},
};

std::vector<Figure> figures_of(const Growing& one) {
  std::vector<Figure> figures;
  for (const auto size : one.sizes) {
    fmt::print(stderr, "growth: {} with {} {}\n", one.bench, size, one.with);
    const auto value = one.measure(size);
    if (value == 0) continue;  // it cannot be measured here, and has said so
    figures.push_back({"growth", fmt::format("{}_at_{}", one.bench, size), {value}});
    if (figures.size() > 1)
      figures.back().beside = {{fmt::format("with {} {}", one.sizes.front(), one.with), figures.front().runs.front()}};
  }
  return figures;
}

}  // namespace

std::vector<Figure> measure_growth() {
  std::vector<Figure> figures;
  for (const auto& one : growing) {
    auto some = figures_of(one);
    figures.insert(figures.end(), some.begin(), some.end());
  }
  return figures;
}

}  // namespace virtscale::bench
