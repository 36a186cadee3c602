// Complete scale events per second: from the request on `alerts` to a signed, durable checkpoint that covers the line.
// Each service grows by 50 domains, all of which come to serve, and shrinks again, some times over; or it only grows.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "tests/bench/harness.hpp"
#include "tests/bench/world/append_limit.hpp"
#include "tests/bench/world/instant_world.hpp"

namespace virtscale::bench {
namespace {

constexpr int runs = 5;
constexpr int turns = 6;
constexpr std::uint64_t events_in_a_turn = 20'000;
constexpr std::uint64_t events_of_growth = 10'000;  // likewise, in bench `growth`
constexpr std::uint64_t orgs_max = 100;
// Enough to keep every stage busy; what waits beyond it would measure memory.
constexpr std::uint64_t outstanding_max = 10'000;

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// Services that grow and shrink by turns, or only grow, so that more and more domains are to be remembered.
enum class Course : std::uint8_t { by_turns, growing };

struct Throughput {
  double events_per_second = 0;
  std::size_t bytes_an_event = 0;
};

// Longer than the second after which stages write their state, some times over. A turn ends when all of it is settled:
// what is taken back before it serves costs less.
Throughput throughput_of(InstantWorld& world, Course course, int turns_played, std::uint64_t events) {
  const auto began = std::chrono::steady_clock::now();
  const auto bytes_before = world.log_bytes();
  for (int turn = 0; turn < turns_played; ++turn) {
    const auto change = course == Course::by_turns && turn % 2 != 0 ? -1 : 1;
    world.request_and_settle(events, outstanding_max, [change](std::uint64_t) { return change; });
  }
  const auto all = events * static_cast<std::uint64_t>(turns_played);
  return {static_cast<double>(all) / seconds_since(began), (world.log_bytes() - bytes_before) / all};
}

struct Measured {
  Figure rate;
  std::size_t bytes_an_event = 0;
};

Measured measured(const std::string& figure, Course course) {
  Measured all{.rate = {.bench = "pipeline", .figure = figure, .runs = {}}};
  for (int run = 0; run < 1 + runs; ++run) {
    settle_machine();
    InstantWorld world(20, 20);  // each run on data of its own, or a run would measure what the one before it left
    const auto its = throughput_of(world, course, turns, events_in_a_turn);
    if (run == 0) continue;  // does not count: the process has just been started, and has no memory yet
    all.rate.runs.push_back(its.events_per_second);
    all.bytes_an_event = its.bytes_an_event;
    fmt::print(stderr, "pipeline: {}, run {} of {}: {:.0f}\n", figure, run, runs, its.events_per_second);
  }
  return all;
}

Beside raw_append_of(std::size_t bytes_an_event) {
  settle_machine();
  const auto limit = measure_append_limit(std::filesystem::temp_directory_path(),
                                          {.records = 100'000, .batch = 100, .value_bytes = bytes_an_event});
  return {fmt::format("write+fdatasync of {} B/event", bytes_an_event), limit.raw, at_least(0.25)};
}

}  // namespace

double scale_events_per_second_at(std::uint64_t services) {
  const auto orgs = std::min<std::uint64_t>(services, orgs_max);
  settle_machine();
  InstantWorld world(static_cast<std::uint32_t>(orgs), static_cast<std::uint32_t>(services / orgs));
  return throughput_of(world, Course::by_turns, 2, events_of_growth).events_per_second;
}

std::vector<Figure> measure_pipeline() {
  auto growing = measured("growing_scale_events_per_s", Course::growing);
  auto by_turns = measured("scale_events_per_s", Course::by_turns);
  by_turns.rate.target = at_least(60'000);
  by_turns.rate.beside = {raw_append_of(by_turns.bytes_an_event)};
  growing.rate.beside = {{"by turns", median_of(by_turns.rate.runs)}};
  return {by_turns.rate, growing.rate};
}

}  // namespace virtscale::bench
