// One harness for all benches: figures with their spread, beside peers and limits of the same run, and targets.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtscale::bench {

/// What a figure, or its ratio to another, should come to.
struct Target {
  enum class Side { at_least, at_most };
  Side side{};
  double value = 0;
  bool met_by(double figure) const { return side == Side::at_least ? figure >= value : figure <= value; }
};
constexpr Target at_least(double value) {
  return {Target::Side::at_least, value};
}
constexpr Target at_most(double value) {
  return {Target::Side::at_most, value};
}

/// A peer, a physical limit, or another figure of ours, measured in the same run.
struct Beside {
  std::string what;
  double value = 0;
  std::optional<Target> ratio{};  ///< of the figure to `value`
};

/// One figure.
struct Figure {
  std::string bench;
  std::string figure;
  std::vector<double> runs;  ///< one value for each run, at least one; the median is reported
  std::optional<Target> target{};
  std::vector<Beside> beside{};
};

/// A bench by name: `run` makes its figures, and says on stderr what it is doing.
struct Bench {
  std::string_view name;
  std::string_view measures;
  std::function<std::vector<Figure>()> run;
};

/// Makes the machine the same for each run: what earlier ones wrote is on the disk, the processors have nothing to do,
/// and 2 GiB of free memory have just been touched. To be called before each run that is timed and writes, ours and a
/// peer's alike. Takes up to 8 s, and up to 20 s more where others are at work; then it says so.
///
/// A virtual machine may give its free memory back to the host. A page that is touched then costs 13 us instead of 1.6
/// (Firecracker with page reporting, which leaves 1 GiB alone); before this was here, runs of one program differed by
/// two.
void settle_machine();

/// Of this thread, in seconds: what a single thread's work costs, whatever else runs on the machine.
double processor_time();

/// The median; 0 of none.
double median_of(std::vector<double> values);
/// The value below which `per_mille` of 1,000 values lie (nearest rank).
double quantile_of(std::vector<double> values, unsigned per_mille);

/// A table for people: each figure with its target, and below it each that it is compared with, the ratio and its
/// target.
void print_table(const std::vector<Figure>& figures);
/// `{"machine": …, "figures": {"BENCH.FIGURE": value, …}, "benches": [all about each figure]}`.
void write_json(const std::vector<Figure>& figures, const std::string& file);

/// The benches, each in a file of its own.
std::vector<Figure> measure_pipeline();
/// On the embedded log, or on the cluster at `bootstrap`.
std::vector<Figure> measure_latency(const std::string& bootstrap);
std::vector<Figure> measure_replay();
std::vector<Figure> measure_lookup();
std::vector<Figure> measure_gate();
std::vector<Figure> measure_placement();
/// On the cluster at `bootstrap`.
std::vector<Figure> measure_kafka(const std::string& bootstrap);
std::vector<Figure> measure_ledger();
std::vector<Figure> measure_memory();
/// Of a broker's processes: what an idle stage takes.
std::vector<Figure> measure_idle_stages(const std::string& bootstrap);
std::vector<Figure> measure_recovery();
/// Without what needs a cluster if `bootstrap` is empty.
std::vector<Figure> measure_growth(const std::string& bootstrap);

// What `growth` asks of each bench: one of its figures, measured once at a size.
double scale_events_per_second_at(std::uint64_t services);
/// The median of a thousand.
double latency_us_at(std::uint64_t services);
double decisions_per_second_at(std::uint64_t services);
double microseconds_a_placement_at(std::uint64_t nodes);
double records_verified_per_second_at(std::uint64_t scale_events);
double lines_appended_per_second_at(std::uint64_t lines);
double bytes_per_service_at(std::uint64_t services);
/// 0 where Virtscale cannot be started as a process.
double seconds_to_the_next_decision_at(std::uint64_t services);
/// By the policy stage, on the cluster at `bootstrap`.
double wishes_decided_per_second_at(const std::string& bootstrap, std::uint64_t wishes);

}  // namespace virtscale::bench
