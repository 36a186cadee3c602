#include "tests/bench/harness.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <thread>

namespace virtscale::bench {
namespace json = boost::json;
namespace {

constexpr auto row = "{:<44} {:>11} {:>11} {:>11} {:>4} {:>8}  {:<14} {}\n";

std::string processor() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

/// 12,345 or 1.23: as many digits as matter.
std::string number(double value) {
  if (value < 100) return fmt::format("{:.3g}", value);
  auto digits = fmt::format("{:.0f}", value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(digits.begin() + at, ',');
  return digits;
}

std::string text_of(const std::optional<Target>& target) {
  if (!target) return {};
  return (target->side == Target::Side::at_least ? ">= " : "<= ") + number(target->value);
}

std::string verdict_on(double value, const std::optional<Target>& target) {
  if (!target) return {};
  return target->met_by(value) ? "yes" : "NO";
}

std::string name_of(const Figure& figure) {
  return figure.bench + "." + figure.figure;
}

double ratio_of(double value, const Beside& beside) {
  return beside.value == 0 ? 0 : value / beside.value;
}

void put_target(json::object& entry, double value, const std::optional<Target>& target) {
  if (!target) return;
  entry["target"] = text_of(target);
  entry["met"] = target->met_by(value);
}

json::object json_of(const Figure& figure) {
  const auto value = median_of(figure.runs);
  const auto [min, max] = std::minmax_element(figure.runs.begin(), figure.runs.end());
  json::object entry{
      {"name", name_of(figure)}, {"value", value}, {"median_of", figure.runs.size()}, {"min", *min}, {"max", *max}};
  put_target(entry, value, figure.target);
  json::array beside;
  for (const auto& other : figure.beside) {
    const auto ratio = ratio_of(value, other);
    json::object compared{{"what", other.what}, {"value", other.value}, {"ratio", ratio}};
    put_target(compared, ratio, other.ratio);
    beside.push_back(std::move(compared));
  }
  if (!beside.empty()) entry["beside"] = std::move(beside);
  return entry;
}

// What the processors have done since the machine started, in ticks (proc(5), /proc/stat).
struct ProcessorTicks {
  std::uint64_t all = 0;
  std::uint64_t idle = 0;
};

ProcessorTicks processor_ticks() {
  constexpr std::array is_idle = {false, false, false, true, true, false, false, false};  // user ... steal
  std::ifstream stat("/proc/stat");
  std::string name;
  stat >> name;
  ProcessorTicks ticks;
  for (const bool idle : is_idle) {
    std::uint64_t more = 0;
    stat >> more;
    ticks.all += more;
    if (idle) ticks.idle += more;
  }
  return ticks;
}

double share_busy_in(std::chrono::milliseconds time) {
  const auto before = processor_ticks();
  std::this_thread::sleep_for(time);
  const auto after = processor_ticks();
  const auto all = static_cast<double>(after.all - before.all);
  return all == 0 ? 0 : 1 - static_cast<double>(after.idle - before.idle) / all;
}

// Others may still be at work: the build that has just ended, a broker that has just begun.
void wait_for_idle_processors() {
  constexpr auto look = std::chrono::milliseconds(500);
  constexpr int looks_max = 40;
  constexpr double busy_at_rest = 0.1;
  double busy = 1;
  for (int n = 0; n < looks_max && busy > busy_at_rest; ++n) busy = share_busy_in(look);
  if (busy > busy_at_rest)
    fmt::print(stderr, "bench: something else keeps {:.0f} % of the processors busy: what follows is worth less\n",
               busy * 100);
}

}  // namespace

void settle_machine() {
  constexpr std::size_t bytes = std::size_t{2} << 30;
  constexpr std::size_t page_bytes = 4096;
  ::sync();
  wait_for_idle_processors();
  auto* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;  // a small machine: its runs differ more
  for (std::size_t at = 0; at < bytes; at += page_bytes) static_cast<volatile char*>(memory)[at] = 1;
  munmap(memory, bytes);
}

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
  fmt::print(row, "FIGURE", "MEDIAN", "MIN", "MAX", "RUNS", "RATIO", "TARGET", "MET");
  for (const auto& figure : figures) {
    const auto value = median_of(figure.runs);
    const auto [min, max] = std::minmax_element(figure.runs.begin(), figure.runs.end());
    fmt::print(row, name_of(figure), number(value), number(*min), number(*max), figure.runs.size(), "",
               text_of(figure.target), verdict_on(value, figure.target));
    for (const auto& other : figure.beside) {
      const auto ratio = ratio_of(value, other);
      fmt::print(row, "  : " + other.what, number(other.value), "", "", "", number(ratio), text_of(other.ratio),
                 verdict_on(ratio, other.ratio));
    }
  }
}

void write_json(const std::vector<Figure>& figures, const std::string& file) {
  utsname system{};
  uname(&system);
  json::object values;
  json::array entries;
  for (const auto& figure : figures) {
    values[name_of(figure)] = median_of(figure.runs);
    entries.push_back(json_of(figure));
  }
  const json::object document{{"machine", json::object{{"cores", std::thread::hardware_concurrency()},
                                                       {"processor", processor()},
                                                       {"kernel", std::string(system.release)}}},
                              {"figures", std::move(values)},
                              {"benches", std::move(entries)}};
  std::ofstream(file) << json::serialize(document) << "\n";
}

}  // namespace virtscale::bench
