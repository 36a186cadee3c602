// From kill -9 of `virtscale up` to its next decision, in seconds; and how fast the state is made again from the log
// alone.
#include <fmt/format.h>

#include <stdexcept>
#include <thread>

#include "tests/bench/harness.hpp"
#include "tests/bench/peers/peer.hpp"
#include "tests/bench/world/instant_world.hpp"

namespace virtscale::bench {
namespace {

constexpr int rounds = 9;
constexpr std::uint64_t services_usual = 1'000;
constexpr int rebuilds = 3;
constexpr std::uint64_t events_in_the_log = 30'000;
constexpr std::size_t batch = 100;

std::vector<double> seconds_to_the_next_decision(int times, std::uint64_t services) {
  const auto measured =
      run_program("tests/bench/processes/recovery.py", {std::to_string(times), std::to_string(services)});
  std::vector<double> seconds;
  for (const auto& [round, value] : measured.value_or(PeerFigures())) seconds.push_back(value);
  return seconds;
}

Figure records_rebuilt_per_second() {
  Figure rate{.bench = "recovery", .figure = "rebuilt_records_per_s", .runs = {}};
  InstantWorld world(20, 20);
  for (std::uint64_t sent = 0; sent < events_in_the_log; sent += batch) world.request(batch);
  if (!world.wait_for_settled(events_in_the_log))
    throw std::runtime_error("recovery: not all events were settled in a minute");
  const auto records = static_cast<double>(world.records());
  for (int run = 0; run < rebuilds; ++run) rate.runs.push_back(records / world.rebuild());
  return rate;
}

}  // namespace

double seconds_to_the_next_decision_at(std::uint64_t services) {
  return median_of(seconds_to_the_next_decision(3, services));
}

std::vector<Figure> measure_recovery() {
  std::vector<Figure> figures;
  Figure seconds{
      .bench = "recovery", .figure = "seconds", .runs = seconds_to_the_next_decision(rounds, services_usual)};
  if (!seconds.runs.empty()) figures.push_back(std::move(seconds));
  figures.push_back(records_rebuilt_per_second());
  return figures;
}

}  // namespace virtscale::bench
