// virtscale-bench: measures, and compares with peers and limits of the same run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tests/bench/harness.hpp"

namespace {

using namespace virtscale::bench;

/// In the order in which they are run. Those over Kafka are there with a cluster only.
std::vector<Bench> benches_with(const std::string& kafka) {
  std::vector<Bench> benches = {
      {"pipeline", "complete scale events/s, embedded and durable, five stages, instant drivers", measure_pipeline},
      {"latency", "a lone event, signal to signed line, the software's share", [] { return measure_latency({}); }},
      {"replay", "records/s folded again and compared with the recorded ones, on one core", measure_replay},
      {"lookup", "a trace with its states and a capsule of one decision in 2,000,000 records, by index",
       measure_lookup},
      {"gate", "decisions/s of the policy fold alone, with 1, 10,000 and 1,000,000 services", measure_gate},
      {"placement", "us for each placement in a cell of 100, 10,000 and 100,000 nodes", measure_placement},
      {"ledger", "lines/s appended under signed checkpoints, and verified from their files", measure_ledger},
      {"memory", "bytes that the stages remember of an org, a service, a node and a domain", measure_memory},
      {"recovery", "seconds from kill -9 to the next decision; records/s of a state made again", measure_recovery},
      {"growth", "each of these at three sizes", [kafka] { return measure_growth(kafka); }},
  };
  if (!kafka.empty()) {
    benches.push_back(
        {"memory", "an idle stage, as a process over Kafka", [kafka] { return measure_idle_stages(kafka); }});
    benches.push_back({"latency", "the same over Kafka", [kafka] { return measure_latency(kafka); }});
    benches.push_back({"kafka", "the policy stage over a real broker, beside Kafka Streams and librdkafka alone",
                       [kafka] { return measure_kafka(kafka); }});
  }
  return benches;
}

std::string names_of(const std::vector<Bench>& benches) {
  std::string names;
  for (const auto& bench : benches) {
    if (names.find(bench.name) == std::string::npos) names += (names.empty() ? "" : ", ") + std::string(bench.name);
  }
  return names;
}

std::vector<Figure> measure(const std::vector<Bench>& benches, const std::vector<std::string>& names) {
  std::vector<Figure> figures;
  for (const auto& bench : benches) {
    if (!names.empty() && std::find(names.begin(), names.end(), bench.name) == names.end()) continue;
    fmt::print(stderr, "{}: {}\n", bench.name, bench.measures);
    for (auto& figure : bench.run()) figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures Virtscale. Each figure is a median of several runs, beside peers and limits of the same run.");
  std::vector<std::string> names;
  std::string json_file;
  std::string bootstrap;
  app.add_option("NAME", names, "which benches; default: all (" + names_of(benches_with({})) + ")");
  app.add_option("--json", json_file, "also write the figures to FILE")->type_name("FILE");
  app.add_option("--kafka", bootstrap, "also measure over a Kafka cluster")->type_name("HOST:PORT");
  CLI11_PARSE(app, argc, argv);
  const auto benches = benches_with(bootstrap);
  const auto figures = measure(benches, names);
  if (figures.empty()) {
    fmt::print(stderr, "no bench of that name; there are: {}\n", names_of(benches));
    return 2;
  }
  print_table(figures);
  if (!json_file.empty()) write_json(figures, json_file);
  return 0;
}
