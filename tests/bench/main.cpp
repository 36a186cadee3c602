// virtscale-bench: measures, and compares with a peer or a limit from the same run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tests/bench/harness.hpp"

int main(int argc, char** argv) {
  using namespace virtscale::bench;
  std::string bootstrap;
  std::vector<Bench> benches = {
      {"pipeline", "complete scale events/s, embedded and durable, five stages, instant drivers", measure_pipeline},
      {"latency", "a lone event, signal to signed line, the software's share", [] { return measure_latency({}); }},
      {"replay", "records/s folded again and compared with the recorded ones, on one core", measure_replay},
      {"lookup", "a trace with its states and a capsule of one decision in 2,000,000 records, by index",
       measure_lookup},
      {"gate", "decisions/s of the policy fold alone, with 1, 10,000 and 1,000,000 services", measure_gate},
      {"placement", "us for each placement in a cell of 100, 10,000 and 100,000 nodes", measure_placement},
  };
  CLI::App app(
      "Measures Virtscale. Each figure is a median of several runs, beside a peer's or a limit's of the same run.");
  std::vector<std::string> names;
  std::string json_file;
  app.add_option("NAME", names, "which benches; default: all (pipeline, latency, replay, lookup, gate, placement)");
  app.add_option("--json", json_file, "also write the figures to FILE")->type_name("FILE");
  app.add_option("--kafka", bootstrap, "also measure the latency over a Kafka cluster")->type_name("HOST:PORT");
  CLI11_PARSE(app, argc, argv);
  if (!bootstrap.empty()) {
    benches.push_back({"latency", "the same over Kafka", [&] { return measure_latency(bootstrap); }});
  }
  std::vector<Figure> figures;
  for (const auto& bench : benches) {
    if (!names.empty() && std::find(names.begin(), names.end(), bench.name) == names.end()) continue;
    fmt::print(stderr, "{}: {}\n", bench.name, bench.measures);
    for (auto& figure : bench.run()) figures.push_back(std::move(figure));
  }
  if (figures.empty()) {
    fmt::print(stderr, "no bench of that name; there are: pipeline, latency, replay, lookup, gate, placement\n");
    return 2;
  }
  print_table(figures);
  if (!json_file.empty()) write_json(figures, json_file);
  return 0;
}
