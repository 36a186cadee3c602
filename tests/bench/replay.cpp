// Records per second that are folded again and compared with what was recorded, on one core; beside what no replay can
// do without: reading the same log, verifying its FlatBuffers, and its hashes and signatures. All are single threads,
// and counted in their own processor time: what else runs on the machine does not count.
#include <fmt/format.h>

#include <stdexcept>

#include "replay/verify/verify.hpp"
#include "schemas/codec.hpp"
#include "tests/bench/harness.hpp"
#include "tests/bench/world/instant_world.hpp"
#include "topology/adapters/sodium/sodium.hpp"
#include "topology/contract/event_hash.hpp"
#include "topology/contract/merkle.hpp"

namespace virtscale::bench {
namespace {

constexpr int runs = 5;
constexpr std::uint64_t events_in_the_log = 100'000;
constexpr std::uint64_t outstanding_max = 2'000;
constexpr std::uint32_t orgs = 20;
constexpr std::uint32_t services = 20;  // of each

// What a log has, beside its length: services that grow and shrink by turns, or only grow, so that its state does too.
enum class Course : std::uint8_t { by_turns, growing };

void fill(InstantWorld& world, std::uint64_t events, Course course) {
  world.request_and_settle(events, outstanding_max, [course](std::uint64_t sent) {
    return course == Course::by_turns && sent / (orgs * services) % 2 != 0 ? -1 : 1;
  });
}

// Calls `take(record, event)` for all records of each topic after the other, from files.
template <class Take>
double records_read_per_second(replay::LogSource& source, Take take) {
  const auto began = processor_time();
  std::size_t records = 0;
  for (const auto topic : replay::all_topics) {
    records += source.log->read({topic, 0}, 0, SIZE_MAX, [&](const LogRecord& record) {
      const auto* event = schema::verify_event(record.value);
      if (event == nullptr) throw std::runtime_error("replay: a record is no event");
      take(record, *event);
      return true;
    });
  }
  return static_cast<double>(records) / (processor_time() - began);
}

double records_read_per_second(const std::string& where) {
  auto source = replay::open_log_source(where);
  return records_read_per_second(source, [](const LogRecord&, const schema::Event&) {});
}

// As a replay does: an event's hash when it is taken, and when it is emitted again; a line's by the fold of audit, and
// when the ledger is checked.
double records_read_and_hashed_per_second(const std::string& where) {
  auto source = replay::open_log_source(where);
  const auto keys = public_keys(source.keys);
  std::uint64_t sum = 0;
  const auto rate = records_read_per_second(source, [&](const LogRecord& record, const schema::Event& event) {
    const bool is_emitted = event.header()->id().stage() != static_cast<std::uint8_t>(Source::edge);
    for (int i = 0; i < (is_emitted ? 2 : 1); ++i) sum += event_hash(record.value);
    if (const auto* line = event.body_as_LineAppended()) {
      const auto bytes = std::as_bytes(std::span(line->line()->data(), line->line()->size()));
      for (int i = 0; i < 2; ++i) sum += std::to_integer<std::uint64_t>(leaf_hash(bytes)[0]);
    }
    const auto* published = event.body_as_CheckpointPublished();
    if (published != nullptr && !check_note(published->note()->string_view(), keys).fault.empty())
      throw std::runtime_error("replay: a signature does not hold");
  });
  if (sum == 0) throw std::runtime_error("replay: nothing was hashed");
  return rate;
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
  std::vector<double> read;
  std::vector<double> hashed;
  for (int run = 0; run < runs; ++run) {
    read.push_back(records_read_per_second(where));
    hashed.push_back(records_read_and_hashed_per_second(where));
    rate.runs.push_back(records_verified_per_second(where));
  }
  rate.beside = {{"read + FlatBuffers verifier", median_of(read)},
                 {"these, hashes of events and lines, and signatures", median_of(hashed)}};
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
