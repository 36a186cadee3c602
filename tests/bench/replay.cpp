// Records per second that are folded again and compared with what was recorded, on one core; beside reading the same
// log and verifying its FlatBuffers, which no replay can do without. Both are single threads, and counted in their own
// processor time: what else runs on the machine does not count.
#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

#include "replay/verify/verify.hpp"
#include "schemas/codec.hpp"
#include "tests/bench/harness.hpp"
#include "tests/bench/world/instant_world.hpp"
#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale::bench {
namespace {

constexpr int runs = 5;
constexpr std::uint64_t events_in_the_log = 100'000;
constexpr std::size_t batch = 100;
constexpr std::uint64_t outstanding_max = 2'000;
constexpr std::uint32_t orgs = 20;
constexpr std::uint32_t services = 20;  // of each

// What a log has, beside its length: services that grow and shrink by turns, or only grow, so that its state does too.
enum class Course : std::uint8_t { by_turns, growing };

void fill(InstantWorld& world, std::uint64_t events, Course course) {
  const auto before = world.settled();
  for (std::uint64_t sent = 0; sent < events; sent += batch) {
    while (sent - (world.settled() - before) > outstanding_max)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    const bool shrinks = course == Course::by_turns && sent / (orgs * services) % 2 != 0;
    world.request(batch, shrinks ? -1 : 1);
  }
  if (!world.wait_for_settled(events)) throw std::runtime_error("replay: not all events were settled in a minute");
}

// Each topic after the other, from files.
double records_read_per_second(const std::string& where) {
  const auto source = replay::open_log_source(where);
  const auto began = processor_time();
  std::size_t records = 0;
  for (const auto topic : replay::all_topics) {
    records += source.log->read({topic, 0}, 0, SIZE_MAX, [](const LogRecord& record) {
      if (schema::verify_event(record.value) == nullptr) throw std::runtime_error("replay: a record is no event");
      return true;
    });
  }
  return static_cast<double>(records) / (processor_time() - began);
}

double records_verified_per_second(const std::string& where) {
  auto source = replay::open_log_source(where);
  replay::VerifyOptions options;
  options.keys = public_keys(source.keys);
  const auto began = processor_time();
  const auto report = replay::verify(source, replay::make_refolds(source.log->layout()), options);
  const auto rate = static_cast<double>(report.records) / (processor_time() - began);
  if (report.divergence) throw std::runtime_error("replay: " + to_text(*report.divergence));
  fmt::print(stderr, "replay: {:.0f} records/s of {}, with {} signatures\n", rate, report.records, report.signatures);
  return rate;
}

Figure measured(const std::string& figure, Course course) {
  InstantWorld world(orgs, services);
  fill(world, events_in_the_log, course);
  const auto where = world.folder().string();
  Figure rate{.bench = "replay", .figure = figure, .runs = {}, .target = at_least(1'000'000)};
  std::vector<double> limits;
  for (int run = 0; run < runs; ++run) {
    limits.push_back(records_read_per_second(where));
    rate.runs.push_back(records_verified_per_second(where));
  }
  rate.beside = {{"read + FlatBuffers verifier", median_of(limits)}};
  return rate;
}

}  // namespace

double records_verified_per_second_at(std::uint64_t events) {
  InstantWorld world(orgs, services);
  fill(world, events, Course::by_turns);
  return records_verified_per_second(world.folder().string());
}

std::vector<Figure> measure_replay() {
  return {measured("records_per_s", Course::by_turns), measured("growing_records_per_s", Course::growing)};
}

}  // namespace virtscale::bench
