// One decision out of millions of records, by index: what a trace with its states takes, and a capsule, from the
// opening of the log to the end; beside reading all of the log once, as a search would.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <stdexcept>

#include "replay/capsule/make.hpp"
#include "replay/decision/states.hpp"
#include "replay/history.hpp"
#include "replay/index/build.hpp"
#include "replay/trace/views.hpp"
#include "schemas/codec.hpp"
#include "tests/bench/harness.hpp"
#include "tests/replay/town/town.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::bench {
namespace {

namespace fs = std::filesystem;
using namespace replay;

constexpr std::uint64_t records_in_the_log = 2'000'000;
constexpr int orgs_in_the_town = 200;
constexpr int runs = 5;
// Where in the log the decision stands, in percent.
constexpr std::array places = {5, 50, 95};

void nothing(std::uint64_t, std::uint64_t) {}

void record(const fs::path& directory) {
  test::Town town(directory);
  town.build_cell(2'000);
  for (int i = 0; i < orgs_in_the_town; ++i) {
    const auto org = "org-" + std::to_string(i);
    town.sign_contract(org, 100);
    town.open_service(org);
  }
  town.pass(seconds(120));
  while (town.records() < records_in_the_log) {
    for (const auto change : {1, -1}) {
      for (int i = 0; i < orgs_in_the_town; ++i) town.request("org-" + std::to_string(i), change);
      town.pass(seconds(60));
    }
  }
  town.sync();
}

ScaleId decision_at(Log& log, int percent) {
  ScaleId found;
  const TopicPartition of{Topic::outcomes, 0};
  log.read(of, log.end(of) * static_cast<std::uint64_t>(percent) / 100, SIZE_MAX, [&](const LogRecord& record) {
    const auto* event = schema::verify_event(record.value);
    if (event->body_as_ScaleDecided() != nullptr) found = {event->header()->scale()};
    return !found;
  });
  if (!found) throw std::runtime_error("lookup: the log has no decision there");
  return found;
}

double milliseconds_of(const std::function<void()>& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
}

void trace(const std::string& where, ScaleId scale) {
  const auto source = open_log_source(where);
  StateIndex index(source);
  auto trace = gather_trace(*source.log, index, scale, nothing);
  StateFolder(*source.log, index, trace).run(nothing);
  if (!trace.settled || trace_json(trace).empty()) throw std::runtime_error("lookup: the decision was not settled");
}

void read_all(const std::string& where) {
  const auto source = open_log_source(where);
  for (const auto topic : all_topics) {
    source.log->read({topic, 0}, 0, SIZE_MAX,
                     [](const LogRecord& record) { return schema::verify_event(record.value) != nullptr; });
  }
}

}  // namespace

std::vector<Figure> measure_lookup() {
  const TemporaryDirectory folder;
  const auto where = (folder.path() / "town").string();
  fmt::print(stderr, "lookup: records {} records\n", records_in_the_log);
  record(where);
  auto source = open_log_source(where);
  const auto index = build_index(source, fs::path(where) / index_name, index_every_default, nothing);
  fmt::print(stderr, "lookup: indexed {} records in {:.1f} s: {} states in {} bytes\n", index.records, index.seconds,
             index.states, index.bytes);
  const auto limit = milliseconds_of([&] { read_all(where); });
  std::vector<Figure> figures;
  for (const auto percent : places) {
    const auto scale = decision_at(*source.log, percent);
    Figure traced{.bench = "lookup", .figure = fmt::format("trace_at_{}_percent_ms", percent), .runs = {}};
    Figure cut{.bench = "lookup", .figure = fmt::format("capsule_at_{}_percent_ms", percent), .runs = {}};
    for (int run = 0; run < runs; ++run) {
      const auto file = folder.path() / "decision.capsule";
      traced.runs.push_back(milliseconds_of([&] { trace(where, scale); }));
      cut.runs.push_back(
          milliseconds_of([&] { make_capsule(open_log_source(where), {.scale = scale, .out = file}, {}); }));
      fs::remove(file);
    }
    for (auto* figure : {&traced, &cut}) {
      figure->beside = {{"read + verifier of the whole log, ms", limit}};
      figures.push_back(std::move(*figure));
    }
  }
  return figures;
}

}  // namespace virtscale::bench
