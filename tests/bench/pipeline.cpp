// Complete scale events per second: from the request on `alerts` to a signed, durable checkpoint that covers the line.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "tests/bench/harness.hpp"
#include "tests/bench/world/append_limit.hpp"
#include "tests/bench/world/instant_world.hpp"

namespace virtscale::bench {
namespace {

constexpr int runs = 5;
constexpr std::uint64_t events_in_a_run = 60'000;
constexpr std::uint64_t events_of_growth = 20'000;
constexpr std::uint64_t orgs_max = 100;
constexpr std::size_t batch = 100;
// Enough to keep every stage busy; what waits beyond it would measure memory.
constexpr std::uint64_t outstanding_max = 10'000;

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

double events_per_second(InstantWorld& world, std::uint64_t events) {
  const auto began = std::chrono::steady_clock::now();
  const auto before = world.settled();
  for (std::uint64_t sent = 0; sent < events; sent += batch) {
    while (sent - (world.settled() - before) > outstanding_max)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    world.request(batch);
  }
  if (!world.wait_for_settled(events)) throw std::runtime_error("pipeline: not all events were settled in a minute");
  return static_cast<double>(events) / seconds_since(began);
}

}  // namespace

double scale_events_per_second_at(std::uint64_t services) {
  const auto orgs = std::min<std::uint64_t>(services, orgs_max);
  settle_machine();
  InstantWorld world(static_cast<std::uint32_t>(orgs), static_cast<std::uint32_t>(services / orgs));
  return events_per_second(world, events_of_growth);
}

std::vector<Figure> measure_pipeline() {
  Figure rate{.bench = "pipeline", .figure = "scale_events_per_s", .runs = {}, .target = at_least(60'000)};
  std::size_t bytes_an_event = 0;
  for (int run = 0; run < 1 + runs; ++run) {
    settle_machine();
    InstantWorld world(20, 20);  // each run on data of its own, or a run would measure what the one before it left
    const auto bytes_before = world.log_bytes();
    const auto its = events_per_second(world, events_in_a_run);
    bytes_an_event = (world.log_bytes() - bytes_before) / events_in_a_run;
    if (run == 0) continue;  // does not count: the process has just been started, and has no memory yet
    rate.runs.push_back(its);
    fmt::print(stderr, "pipeline: run {} of {}: {:.0f} scale events/s\n", run, runs, its);
  }
  settle_machine();
  const auto limit = measure_append_limit(std::filesystem::temp_directory_path(),
                                          {.records = 100'000, .batch = batch, .value_bytes = bytes_an_event});
  rate.beside = {{fmt::format("write+fdatasync of {} B/event", bytes_an_event), limit.raw, at_least(0.25)}};
  return {rate};
}

}  // namespace virtscale::bench
