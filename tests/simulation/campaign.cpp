#include "tests/simulation/campaign.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <sstream>
#include <thread>

namespace virtscale::simulation {
namespace {

constexpr std::size_t jobs_max = 64;
std::array<std::atomic<std::uint64_t>, jobs_max> running_seeds;  // 0: none

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

Campaign::Campaign(CampaignSettings settings) : settings_(settings) {
  if (settings_.jobs == 0) settings_.jobs = std::max(1U, std::thread::hardware_concurrency());
  settings_.jobs = std::min<std::uint64_t>(settings_.jobs, jobs_max);
}

std::vector<std::uint64_t> Campaign::running() {
  std::vector<std::uint64_t> seeds;
  for (const auto& seed : running_seeds) {
    if (seed != 0) seeds.push_back(seed);
  }
  return seeds;
}

void Campaign::go() {
  std::vector<std::thread> threads;
  for (std::size_t job = 0; job < settings_.jobs; ++job) threads.emplace_back([this, job] { work(job); });
  for (auto& thread : threads) thread.join();
  result_.seconds = seconds_since(began_);
}

bool Campaign::another(std::uint64_t& seed) {
  const std::lock_guard lock(mutex_);
  if (result_.failed.size() >= settings_.failures_max) return false;
  const auto begun = begun_.fetch_add(1);
  seed = settings_.first + begun;
  if (settings_.minutes > 0) return seconds_since(began_) < static_cast<double>(settings_.minutes) * 60;
  return begun < settings_.seeds;
}

void Campaign::work(std::size_t job) {
  Plan plan;
  while (another(plan.seed)) {
    running_seeds[job] = plan.seed;
    auto report = run(plan, Story::Reader::nobody);
    const bool twice = plan.seed % repeated_every == 0;
    if (twice && run(plan, Story::Reader::nobody).digest != report.digest)
      report.violations.push_back({"the same seed gives the same bytes", "two runs of one seed differ"});
    running_seeds[job] = 0;
    const std::lock_guard lock(mutex_);
    result_.repeated += twice ? 1 : 0;
    add(plan, report);
    show_progress();
  }
}

void Campaign::add(const Plan& plan, const Report& report) {
  ++result_.seeds;
  result_.records += report.records;
  result_.steps += report.steps;
  result_.embedded += report.shape == Shape::embedded ? 1 : 0;
  result_.simulated = result_.simulated + report.simulated;
  result_.settled_max = std::max(result_.settled_max, report.settled_in);
  for (std::size_t i = 0; i < faults_count; ++i) result_.faults[i] += report.faults[i];
  if (!report.failed()) return;
  const auto why = report.violations.empty() ? "vacuous: " + report.vacuous : report.violations.front().check;
  result_.failed.emplace(plan.seed, why);
}

void Campaign::show_progress() {
  if (isatty(STDERR_FILENO) == 0 || result_.seeds % 10 != 0) return;
  std::fprintf(stderr, "\r%llu seeds, %.1f a second, %zu failed ", static_cast<unsigned long long>(result_.seeds),
               static_cast<double>(result_.seeds) / seconds_since(began_), result_.failed.size());
}

std::string CampaignResult::as_text() const {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1);
  text << seeds << " seeds in " << seconds << " s: " << static_cast<double>(seeds) / seconds << " seeds/s, "
       << static_cast<double>(simulated.us) / 1e6 / seconds << " simulated seconds a second\n";
  text << records << " events in the logs, " << steps << " steps, " << embedded << " seeds in one process, " << repeated
       << " seeds run twice for the same bytes, settled within " << settled_max.us / 1'000'000 << " s\n";
  text << "faults:";
  for (std::size_t i = 0; i < faults_count; ++i) text << " " << fault_kinds[i].name << " " << faults[i];
  text << "\n" << failed.size() << " failed\n";
  for (const auto& [seed, why] : failed) text << "  seed " << seed << ": " << why << "\n";
  return text.str();
}

std::string CampaignResult::as_json() const {
  std::ostringstream json;
  json << "{\"seeds\": " << seeds << ", \"failed\": [";
  const char* comma = "";
  for (const auto& [seed, why] : failed) {
    json << comma << "{\"seed\": " << seed << ", \"check\": " << std::quoted(why) << "}";
    comma = ", ";
  }
  json << "], \"events\": " << records << ", \"steps\": " << steps << ", \"simulated_s\": " << simulated.us / 1'000'000
       << ", \"faults\": {";
  comma = "";
  for (std::size_t i = 0; i < faults_count; ++i) {
    json << comma << "\"" << fault_kinds[i].name << "\": " << faults[i];
    comma = ", ";
  }
  json << "}, \"seconds\": " << seconds << ", \"seeds_per_s\": " << static_cast<double>(seeds) / seconds << "}\n";
  return json.str();
}

}  // namespace virtscale::simulation
