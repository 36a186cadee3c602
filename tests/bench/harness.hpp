// One harness for all benches: figures with their spread, beside a peer's or a limit's from the same run.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace virtscale::bench {

/// One figure. `against` names a peer or a physical limit that was measured in the same run; empty for none.
struct Figure {
  std::string bench;
  std::string figure;
  std::vector<double> runs;  ///< one value for each run; the median is reported
  std::string against{};
  double against_value = 0;
};

/// A bench by name: `run` makes its figures, and says on stderr what it is doing.
struct Bench {
  std::string_view name;
  std::string_view measures;
  std::function<std::vector<Figure>()> run;
};

/// Of this thread, in seconds: what a single thread's work costs, whatever else runs on the machine.
double processor_time();

/// The median; 0 of none.
double median_of(std::vector<double> values);
/// The value below which `per_mille` of 1,000 values lie (nearest rank).
double quantile_of(std::vector<double> values, unsigned per_mille);

/// A table for people.
void print_table(const std::vector<Figure>& figures);
/// `{"machine": …, "benches": […]}`, one entry for each figure.
void write_json(const std::vector<Figure>& figures, const std::string& file);

/// The benches, each in a file of its own.
std::vector<Figure> measure_pipeline();
/// On the embedded log, or on the cluster at `bootstrap`.
std::vector<Figure> measure_latency(const std::string& bootstrap);
std::vector<Figure> measure_replay();
std::vector<Figure> measure_lookup();
std::vector<Figure> measure_gate();
std::vector<Figure> measure_placement();

}  // namespace virtscale::bench
