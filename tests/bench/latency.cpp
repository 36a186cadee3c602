// A lone event, from the request on `alerts` to its signed, durable line: the software's own share.
#include <fmt/format.h>

#include <chrono>

#include "tests/bench/harness.hpp"
#include "tests/bench/kafka/hops.hpp"
#include "tests/bench/world/instant_world.hpp"

namespace virtscale::bench {
namespace {

constexpr int runs = 3;
constexpr int events_in_a_run = 1'000;

std::vector<double> latencies_us(InstantWorld& world) {
  std::vector<double> all;
  for (int i = 0; i < events_in_a_run; ++i) {
    const auto began = std::chrono::steady_clock::now();
    world.request(1);
    if (!world.wait_for_settled(1)) throw std::runtime_error("latency: an event was not settled in a minute");
    all.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count());
  }
  return all;
}

std::vector<Figure> measure_world(const std::string& log, const std::string& bootstrap) {
  settle_machine();
  InstantWorld world(1, 10, bootstrap);
  std::vector<Figure> figures{{"latency", log + "_p50_us", {}, at_most(bootstrap.empty() ? 2'000 : 12'000)},
                              {"latency", log + "_p99_us", {}, at_most(bootstrap.empty() ? 8'000 : 40'000)},
                              {"latency", log + "_p999_us", {}}};
  latencies_us(world);  // warm
  for (int run = 0; run < runs; ++run) {
    const auto all = latencies_us(world);
    figures[0].runs.push_back(quantile_of(all, 500));
    figures[1].runs.push_back(quantile_of(all, 990));
    figures[2].runs.push_back(quantile_of(all, 999));
    fmt::print(stderr, "latency: run {} of {}: p50 {:.0f} us\n", run + 1, runs, figures[0].runs.back());
  }
  return figures;
}

}  // namespace

double latency_us_at(std::uint64_t services) {
  settle_machine();
  InstantWorld world(1, static_cast<std::uint32_t>(services));
  latencies_us(world);  // warm
  return quantile_of(latencies_us(world), 500);
}

std::vector<Figure> measure_latency(const std::string& bootstrap) {
  if (bootstrap.empty()) return measure_world("embedded", bootstrap);
  auto figures = measure_world("kafka", bootstrap);
  const auto hops = streams_hops_latencies_us(bootstrap);
  if (!hops) return figures;
  const std::string what = "five hops of Kafka Streams, exactly_once_v2";
  figures[0].beside.push_back({what, quantile_of(*hops, 500)});
  figures[1].beside.push_back({what, quantile_of(*hops, 990), at_most(0.2)});
  figures[2].beside.push_back({what, quantile_of(*hops, 999)});
  return figures;
}

}  // namespace virtscale::bench
