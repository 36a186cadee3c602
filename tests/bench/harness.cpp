#include "tests/bench/harness.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <thread>

namespace virtscale::bench {
namespace json = boost::json;
namespace {

std::string processor() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

double ratio_of(const Figure& figure) {
  return figure.against_value == 0 ? 0 : median_of(figure.runs) / figure.against_value;
}

std::string number(double value) {
  return value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

json::object json_of(const Figure& figure) {
  const auto [min, max] = std::minmax_element(figure.runs.begin(), figure.runs.end());
  json::object entry{{"bench", figure.bench},
                     {"figure", figure.figure},
                     {"value", median_of(figure.runs)},
                     {"median_of", figure.runs.size()},
                     {"min", *min},
                     {"max", *max}};
  if (!figure.against.empty()) {
    entry["against"] = figure.against;
    entry["against_value"] = figure.against_value;
    entry["ratio"] = ratio_of(figure);
  }
  return entry;
}

}  // namespace

double processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double median_of(std::vector<double> values) {
  return quantile_of(std::move(values), 500);
}

double quantile_of(std::vector<double> values, unsigned per_mille) {
  if (values.empty()) return 0;
  const auto rank = std::min(values.size() - 1, values.size() * per_mille / 1'000);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank), values.end());
  return values[rank];
}

void print_table(const std::vector<Figure>& figures) {
  fmt::print("{:<10} {:<24} {:>10} {:>10} {:>10} {:>5}  {:<34} {:>10} {:>6}\n", "BENCH", "FIGURE", "MEDIAN", "MIN",
             "MAX", "RUNS", "AGAINST", "ITS VALUE", "RATIO");
  for (const auto& figure : figures) {
    const auto [min, max] = std::minmax_element(figure.runs.begin(), figure.runs.end());
    const bool alone = figure.against.empty();
    fmt::print("{:<10} {:<24} {:>10} {:>10} {:>10} {:>5}  {:<34} {:>10} {:>6}\n", figure.bench, figure.figure,
               number(median_of(figure.runs)), number(*min), number(*max), figure.runs.size(), figure.against,
               alone ? "" : number(figure.against_value), alone ? "" : fmt::format("{:.2f}", ratio_of(figure)));
  }
}

void write_json(const std::vector<Figure>& figures, const std::string& file) {
  utsname system{};
  uname(&system);
  json::array entries;
  for (const auto& figure : figures) entries.push_back(json_of(figure));
  const json::object document{{"machine", json::object{{"cores", std::thread::hardware_concurrency()},
                                                       {"processor", processor()},
                                                       {"kernel", std::string(system.release)}}},
                              {"benches", std::move(entries)}};
  std::ofstream(file) << json::serialize(document) << "\n";
}

}  // namespace virtscale::bench
