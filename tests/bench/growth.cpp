// Each bench's first figure at three sizes, measured once: the shape of the cost, not its height.
#include <fmt/format.h>

#include <array>
#include <functional>

#include "tests/bench/harness.hpp"

namespace virtscale::bench {
namespace {

/// How one bench grows, and with what.
struct Growing {
  std::string_view bench;
  std::string_view with;
  std::array<std::uint64_t, 3> sizes;
  std::function<double(std::uint64_t size)> measure;
};

std::vector<Growing> growing_with(const std::string& kafka) {
  std::vector<Growing> growing = {
      {"pipeline", "services", {10, 500, 10'000}, scale_events_per_second_at},
      {"latency", "services", {10, 500, 10'000}, latency_us_at},
      {"gate", "services", {1, 10'000, 1'000'000}, decisions_per_second_at},
      {"placement", "nodes", {100, 10'000, 100'000}, microseconds_a_placement_at},
      {"replay", "scale events in the log", {1'000, 10'000, 100'000}, records_verified_per_second_at},
      {"ledger", "lines", {10'000, 100'000, 400'000}, lines_appended_per_second_at},
      {"memory", "services", {10'000, 100'000, 1'000'000}, bytes_per_service_at},
      {"recovery", "services", {10, 1'000, 10'000}, seconds_to_the_next_decision_at},
  };
  if (!kafka.empty())
    growing.push_back({"kafka", "wishes that wait", {20'000, 200'000, 800'000}, [kafka](std::uint64_t wishes) {
                         return wishes_decided_per_second_at(kafka, wishes);
                       }});
  return growing;
}

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

std::vector<Figure> measure_growth(const std::string& kafka) {
  std::vector<Figure> figures;
  for (const auto& one : growing_with(kafka)) {
    auto some = figures_of(one);
    figures.insert(figures.end(), some.begin(), some.end());
  }
  return figures;
}

}  // namespace virtscale::bench
