// virtscale-bench: measures, and compares with a peer or a limit from the same run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tests/bench/harness.hpp"

int main(int argc, char** argv) {
  using namespace virtscale::bench;
  const std::vector<Bench> benches = {
      {"pipeline", "complete scale events/s, embedded and durable, five stages, instant drivers", measure_pipeline},
      {"latency", "a lone event, signal to signed line, the software's share", measure_latency},
  };
  CLI::App app(
      "Measures Virtscale. Each figure is a median of several runs, beside a peer's or a limit's of the same run.");
  std::vector<std::string> names;
  std::string json_file;
  app.add_option("NAME", names, "which benches; default: all (pipeline, latency)");
  app.add_option("--json", json_file, "also write the figures to FILE")->type_name("FILE");
  CLI11_PARSE(app, argc, argv);
  std::vector<Figure> figures;
  for (const auto& bench : benches) {
    if (!names.empty() && std::find(names.begin(), names.end(), bench.name) == names.end()) continue;
    fmt::print(stderr, "{}: {}\n", bench.name, bench.measures);
    for (auto& figure : bench.run()) figures.push_back(std::move(figure));
  }
  if (figures.empty()) {
    fmt::print(stderr, "no bench of that name; there are: pipeline, latency\n");
    return 2;
  }
  print_table(figures);
  if (!json_file.empty()) write_json(figures, json_file);
  return 0;
}
