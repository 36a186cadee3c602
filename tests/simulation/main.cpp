// `virtscale-sim`: runs seeds, says what they found, and tells the story of the first that fails.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/simulation/campaign.hpp"
#include "tests/simulation/engine/shrink.hpp"

namespace virtscale::simulation {
namespace {

/// Of a failure in a campaign; `--story` tells all.
constexpr std::size_t told_lines_max = 200;

struct Options {
  CampaignSettings campaign;
  Plan plan;
  bool story = false;
  bool shrinks = true;
  std::string json;
};

void print_violation(const Plan& plan, const Report& report) {
  std::cout << "seed " << plan.seed << " fails";
  if (report.violations.empty()) {
    std::cout << " as vacuous: " << report.vacuous << "\n";
  } else {
    std::cout << ": " << report.violations.front().check << "\n  " << report.violations.front().text << "\n";
  }
}

void print_figures(const Report& report) {
  std::cout << report.records << " records, " << report.steps << " steps, " << report.simulated.us / 1'000'000
            << " simulated seconds, settled " << report.settled_in.us / 1'000'000 << " s after the last fault, digest "
            << std::hex << report.digest << std::dec << "\n";
  for (std::size_t i = 0; i < faults_count; ++i) {
    if (report.faults[i] > 0) std::cout << "  " << fault_kinds[i].name << " " << report.faults[i] << "\n";
  }
}

void print_story(const Report& report, std::size_t lines_max) {
  const auto& lines = report.story;
  const auto left_out = lines.size() - std::min(lines.size(), lines_max);
  if (left_out > 0) std::cout << "  (" << left_out << " earlier lines)\n";
  for (auto i = left_out; i < lines.size(); ++i) std::cout << lines[i] << "\n";
}

int run_one(const Options& options) {
  const auto report = run(options.plan, options.story ? Story::Reader::somebody : Story::Reader::nobody);
  print_story(report, Story::lines_max);
  if (report.failed()) print_violation(options.plan, report);
  print_figures(report);
  return report.failed() ? 1 : 0;
}

void tell_failure(const Plan& plan, const Options& options) {
  const auto report = run(plan, Story::Reader::nobody);
  print_violation(plan, report);
  std::cout << "repeat it: " << command_for(plan) << " --story\n";
  if (!options.shrinks || report.violations.empty()) return;
  const auto shrunk = shrink(plan);
  std::cout << "\nThe story of a smaller run that fails so as well (" << shrunk.runs << " tries):\n\n";
  print_story(shrunk.report, told_lines_max);
  std::cout << "\n";
  print_violation(shrunk.plan, shrunk.report);
  std::cout << "repeat it: " << command_for(shrunk.plan) << " --story\n";
}

int run_many(const Options& options) {
  Campaign campaign(options.campaign);
  campaign.go();
  const auto& result = campaign.result();
  std::cout << result.as_text();
  if (!options.json.empty()) std::ofstream(options.json) << result.as_json();
  if (!result.failed.empty()) {
    Plan plan;
    plan.seed = result.failed.begin()->first;
    tell_failure(plan, options);
  }
  return result.failed.empty() ? 0 : 1;
}

// A seed that kills the program is named: it is a finding like any other.
void name_the_seeds(int signal) {
  for (const auto seed : Campaign::running()) {
    char text[64];
    const auto length = std::snprintf(text, sizeof text, "killed by signal %d in seed %llu\n", signal,
                                      static_cast<unsigned long long>(seed));
    if (write(STDERR_FILENO, text, static_cast<std::size_t>(length)) < 0) break;
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace
}  // namespace virtscale::simulation

int main(int argc, char** argv) {
  using namespace virtscale::simulation;
  std::signal(SIGSEGV, name_the_seeds);
  std::signal(SIGABRT, name_the_seeds);
  Options options;
  std::string only;
  CLI::App app("Runs Virtscale in one thread from a seed, with faults, and checks what it promises.", "./run sim");
  auto* one = app.add_option("--seed", options.plan.seed, "run this seed alone");
  app.add_option("--only", only, "with --seed: only the first so many faults of these kinds, and actions=N")
      ->needs(one);
  app.add_flag("--story", options.story, "with --seed: tell what happens")->needs(one);
  app.add_option("--seeds", options.campaign.seeds, "how many; default 500");
  app.add_option("--first", options.campaign.first, "the first of them; default 1");
  app.add_option("--minutes", options.campaign.minutes, "instead of a number: as many as are begun within this time");
  app.add_option("--jobs", options.campaign.jobs, "seeds at a time; default: one for each core");
  app.add_option("--failures", options.campaign.failures_max, "begin no more seeds after so many; default 10");
  app.add_option("--json", options.json, "also write the figures to FILE")->type_name("FILE");
  app.add_flag("!--no-shrinking", options.shrinks, "do not look for a smaller run that fails so as well");
  CLI11_PARSE(app, argc, argv);
  if (!only.empty() && !parse_only(only, options.plan)) {
    std::cerr << "--only takes FAULT=N,..., actions=N, or none\n";
    return 2;
  }
  return one->count() > 0 ? run_one(options) : run_many(options);
}
