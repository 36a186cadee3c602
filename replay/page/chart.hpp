// Charts over time: bars of who did what when, and values that change in steps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/page/svg.hpp"
#include "topology/contract/units.hpp"

namespace virtscale::replay {

/// A piece of a row of the Gantt chart.
struct Bar {
  Instant from;
  Instant to;
  std::string_view colour = ink::blue;
};

struct BarRow {
  std::string label;
  std::vector<Bar> bars;
  std::string remark;  ///< behind the last bar, such as `28.000 s`
};

/// More rows than these are no picture.
inline constexpr std::size_t bar_rows_max = 40;

/// Rows of bars over seconds since `begin`. REQUIRES: rows and bars.
std::string bar_chart(std::string_view label, Instant begin, const std::vector<BarRow>& rows);

/// A value at an instant.
struct Sample {
  Instant at;
  double value = 0;
};

/// One line of a step chart. Each value holds until the next sample, the last to the end of the chart.
struct Series {
  enum class Form : unsigned char { steps, wide_steps, dashed_steps, dots };
  std::string name;
  std::string_view colour;
  Form form = Form::steps;
  std::vector<Sample> samples;
};

struct ChartSpan {
  Instant from;
  Instant to;
};

/// Series over the time of day in UTC, from 0 up; `marks` are vertical lines. REQUIRES: from < to.
std::string step_chart(std::string_view label, ChartSpan span, const std::vector<Series>& series,
                       const std::vector<Instant>& marks);

}  // namespace virtscale::replay
