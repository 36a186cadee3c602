#include "replay/page/chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace virtscale::replay {
namespace {

constexpr double width = 900;
constexpr double left = 230;   // where bars begin, behind their labels
constexpr double right = 800;  // where they end, before their remarks
constexpr double row_height = 26;
constexpr double range_min = 1e-3;  // of the bars, in seconds
constexpr double letter_width = 7;  // about
constexpr double plot_left = 46;
constexpr double plot_right = 880;
constexpr double plot_top = 34;
constexpr double plot_bottom = 214;

double seconds_of(Duration span) {
  return static_cast<double>(span.us) / 1e6;
}

// 1, 2 or 5 times a power of ten, so that there are about `wanted` of them in the range.
double tick_of(double range, double wanted) {
  const auto rough = std::max(range / wanted, 1e-6);
  const auto power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (power * factor >= rough) return power * factor;
  }
  return power * 10;
}

std::string plain(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string time_of_day(double unix_seconds) {
  const auto second = static_cast<std::int64_t>(std::floor(unix_seconds)) % 86'400;
  char text[48];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(second / 3'600),
                static_cast<int>(second / 60 % 60), static_cast<int>(second % 60));
  return text;
}

void draw_seconds(Svg& svg, double range, double bottom) {
  const auto tick = tick_of(range, 7);
  for (double at = 0; at <= range * 1.0001; at += tick) {
    const auto x = left + (right - left) * at / range;
    svg.line({x, 8}, {x, bottom}, ink::grid);
    svg.text({x, bottom + 16}, plain(at) + " s", SvgAnchor::middle, ink::soft);
  }
}

// From time and value to the canvas.
struct Plot {
  ChartSpan span;
  double top;
  double x(Instant at) const {
    const auto share = seconds_of(at - span.from) / seconds_of(span.to - span.from);
    return plot_left + (plot_right - plot_left) * std::clamp(share, 0.0, 1.0);
  }
  double y(double value) const { return plot_bottom - (plot_bottom - plot_top) * value / top; }
};

double highest(const std::vector<Series>& series) {
  double top = 1;
  for (const auto& one : series) {
    for (const auto& sample : one.samples) top = std::max(top, sample.value);
  }
  return top;
}

void draw_axes(Svg& svg, const Plot& plot, double tick) {
  for (double value = 0; value <= plot.top * 1.0001; value += tick) {
    svg.line({plot_left, plot.y(value)}, {plot_right, plot.y(value)}, ink::grid);
    svg.text({plot_left - 8, plot.y(value) + 4}, plain(value), SvgAnchor::end, ink::soft);
  }
  constexpr std::array<double, 12> steps = {1, 5, 10, 30, 60, 120, 300, 600, 1'800, 3'600, 10'800, 86'400};
  const auto range = seconds_of(plot.span.to - plot.span.from);
  const auto* const step = std::ranges::find_if(steps, [&](double one) { return range / one <= 8; });
  const auto every = step == steps.end() ? range / 6 : *step;
  const auto begin = static_cast<double>(plot.span.from.us) / 1e6;
  for (auto at = std::ceil(begin / every) * every; at <= begin + range; at += every) {
    const auto x = plot.x({static_cast<std::int64_t>(at * 1e6)});
    svg.line({x, plot_bottom}, {x, plot_bottom + 4}, ink::soft);
    svg.text({x, plot_bottom + 18}, time_of_day(at), SvgAnchor::middle, ink::soft);
  }
}

std::string_view style_of(Series::Form form) {
  if (form == Series::Form::wide_steps) return "stroke-width=\"7\"";
  return form == Series::Form::dashed_steps ? "stroke-width=\"2\" stroke-dasharray=\"6 4\"" : "stroke-width=\"2\"";
}

void draw_series(Svg& svg, const Plot& plot, const Series& series) {
  std::vector<SvgPoint> points;
  for (const auto& sample : series.samples) {
    const SvgPoint point{plot.x(sample.at), plot.y(sample.value)};
    if (series.form == Series::Form::dots) {
      svg.dot(point, series.colour);
      svg.text({point.x + 7, point.y - 7}, plain(sample.value), SvgAnchor::start, series.colour);
    } else if (!points.empty()) {
      points.push_back({point.x, points.back().y});
    }
    points.push_back(point);
  }
  if (points.empty() || series.form == Series::Form::dots) return;
  points.push_back({plot_right, points.back().y});
  svg.polyline(points, series.colour, style_of(series.form));
}

void draw_names(Svg& svg, const std::vector<Series>& series) {
  double x = plot_left;
  for (const auto& one : series) {
    svg.rectangle({x, 9}, 14, 4, one.colour);
    svg.text({x + 20, 15}, one.name, SvgAnchor::start, ink::text);
    x += 54 + 7.4 * static_cast<double>(one.name.size());
  }
}

// Behind the bars, or before them where there is no room.
void draw_remark(Svg& svg, const std::string& remark, SvgPoint begin, double end) {
  const bool fits = end + 8 + letter_width * static_cast<double>(remark.size()) < width;
  svg.text({fits ? end + 8 : begin.x - 8, begin.y}, remark, fits ? SvgAnchor::start : SvgAnchor::end, ink::soft);
}

}  // namespace

std::string bar_chart(std::string_view label, Instant begin, const std::vector<BarRow>& rows) {
  const auto shown = std::min(rows.size(), bar_rows_max);
  const auto bottom = 12 + row_height * static_cast<double>(shown);
  Svg svg(width, bottom + 24, label);
  double range = range_min;
  for (const auto& row : rows) {
    for (const auto& bar : row.bars) range = std::max(range, seconds_of(bar.to - begin));
  }
  draw_seconds(svg, range, bottom);
  const auto x = [&](Instant at) { return left + (right - left) * seconds_of(at - begin) / range; };
  for (std::size_t i = 0; i < shown; ++i) {
    const auto y = 12 + row_height * static_cast<double>(i);
    svg.text({left - 12, y + 16}, rows[i].label, SvgAnchor::end);
    double end = left;
    for (const auto& bar : rows[i].bars) {
      end = std::max(x(bar.to), x(bar.from) + 1.5);  // what is too short to be seen is seen
      svg.rectangle({x(bar.from), y + 4}, end - x(bar.from), row_height - 10, bar.colour);
    }
    draw_remark(svg, rows[i].remark, {x(rows[i].bars.front().from), y + 16}, end);
  }
  return svg.finish();
}

std::string step_chart(std::string_view label, ChartSpan span, const std::vector<Series>& series,
                       const std::vector<Instant>& marks) {
  Svg svg(width, plot_bottom + 26, label);
  const auto tick = tick_of(highest(series), 5);
  const Plot plot{span, std::ceil(highest(series) * 1.02 / tick) * tick};
  draw_axes(svg, plot, tick);
  for (const auto mark : marks) {
    if (mark >= span.from && mark <= span.to)
      svg.line({plot.x(mark), plot_top - 8}, {plot.x(mark), plot_bottom}, ink::grey, "2 3");
  }
  for (const auto& one : series) draw_series(svg, plot, one);
  draw_names(svg, series);
  return svg.finish();
}

}  // namespace virtscale::replay
