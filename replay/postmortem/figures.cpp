#include "replay/postmortem/figures.hpp"

#include <algorithm>
#include <array>

#include "replay/page/chart.hpp"
#include "replay/postmortem/words.hpp"
#include "stages/policy/gate.hpp"

namespace virtscale::replay {
namespace {

constexpr std::size_t alert_names_max = 3;

// What a stretch that ends with a step is called.
std::string stretch_name(const LedgerLine& line, const std::string& step) {
  const bool leaves = line.to < line.from;
  if (step == "policy") return "signal to decision";
  if (step == "orchestration") return leaves ? "drain and stop" : "decision to placement";
  if (step == "liveness") return "placement to liveness";
  if (step == "dataplane") return "into the load balancer";
  return "ledger line";
}

// The last start of a domain that the line waited for.
std::optional<Instant> spawned_in(const Trace& trace) {
  std::optional<Instant> spawned;
  for (const auto& record : trace.records) {
    if (record.relation == Relation::own && body_of<schema::DomainSpawned>(record) != nullptr)
      spawned = record.kept.timestamp;
  }
  return spawned;
}

ChartSpan shown_of(const Case& of) {
  return {{of.begin.us - around_shown.us}, of.end + seconds(around_shown.us / 3'000'000)};
}

std::vector<Instant> marks_of(const Case& of) {
  std::vector<Instant> marks;
  for (const auto& line : of.lines) marks.push_back(line.line.steps.empty() ? line.at : line.line.steps.front().at);
  return marks;
}

// How many replicas would be within `limit` of each dimension's projection, beside what others use.
std::optional<double> replicas_within(const schema::ScaleDecidedT& decided, bool with_overage) {
  const auto growth = decided.to - decided.from;
  std::optional<double> replicas;
  for (const auto& dimension : decided.projection) {
    if (growth <= 0 || dimension.asked() <= 0) continue;
    const auto each = dimension.asked() / growth;
    const auto limit = with_overage ? dimension.envelope() : dimension.quota();
    const auto room = (limit - dimension.committed() - dimension.reserved()) / each;
    const auto within = static_cast<double>(decided.from + room);
    if (!replicas || within < *replicas) replicas = within;
  }
  return replicas;
}

// Keeps what is shown: samples before the picture count as its beginning.
void put(Series& series, ChartSpan span, Instant at, double value) {
  if (at > span.to) return;
  if (at < span.from) series.samples.clear();
  series.samples.push_back({std::max(at, span.from), value});
}

void take_decision(std::vector<Series>& all, ChartSpan span, const DecisionAt& decision) {
  const auto& decided = decision.decided;
  const Instant at{decided.decided_at_us};
  if (all[0].samples.empty()) put(all[0], span, {std::max(span.from.us, at.us - 1)}, decided.from);
  if (const auto envelope = replicas_within(decided, true)) put(all[2], span, at, *envelope);
  if (const auto quota = replicas_within(decided, false)) put(all[3], span, at, *quota);
}

std::vector<BarRow> rows_of_one(const Case& of) {
  std::vector<BarRow> rows;
  for (const auto& stretch : stretches_of(of, of.lines.front())) {
    rows.push_back({stretch.name,
                    {{stretch.from, stretch.to, stretch.is_boot ? ink::orange : ink::blue}},
                    seconds_text((stretch.to - stretch.from).us)});
  }
  return rows;
}

std::vector<BarRow> rows_of_all(const Case& of) {
  std::vector<BarRow> rows;
  for (const auto& line : of.lines) {
    if (line.line.ends) continue;
    BarRow row{line.line.event, {}, line.line.decision + " after " + seconds_text(line.line.elapsed_us)};
    for (const auto& stretch : stretches_of(of, line))
      row.bars.push_back({stretch.from, stretch.to, stretch.is_boot ? ink::orange : ink::blue});
    if (!row.bars.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

std::string loop_caption(const Case& of) {
  const auto boot = of.traces.size() == 1 ? boot_of(of, of.lines.front()) : std::nullopt;
  std::string caption = "Figure 1. The loop by stage, in seconds since the first signal.";
  if (!boot) return caption + (of.traces.size() > 1 ? " Orange: the boot of domains." : "");
  const auto us = (boot->to - boot->from).us;
  const auto whole = of.lines.front().line.elapsed_us;
  return caption + " Orange: the boot of the domain, " + seconds_text(us) + " or " + policy::percent_text(us, whole) +
         " of " + seconds_text(whole) + ".";
}

}  // namespace

std::vector<Stretch> stretches_of(const Case& of, const LineAt& line) {
  std::vector<Stretch> stretches;
  const auto& steps = line.line.steps;
  const auto spawned = spawned_in(trace_of(of, line));
  for (std::size_t i = 1; i < steps.size(); ++i) {
    const Stretch whole{stretch_name(line.line, steps[i].name), steps[i - 1].at, steps[i].at};
    if (steps[i].name == "liveness" && spawned && *spawned >= whole.from && *spawned <= whole.to) {
      stretches.push_back({"start of the domain", whole.from, *spawned});
      stretches.push_back({"boot until the probe passes", *spawned, whole.to, true});
    } else if (whole.to >= whole.from) {
      stretches.push_back(whole);
    }
  }
  return stretches;
}

std::optional<Stretch> boot_of(const Case& of, const LineAt& line) {
  for (const auto& stretch : stretches_of(of, line)) {
    if (stretch.is_boot) return stretch;
  }
  return std::nullopt;
}

Figure loop_figure(const Case& of) {
  const bool is_one = of.traces.size() == 1;
  const auto rows = is_one ? rows_of_one(of) : rows_of_all(of);
  const auto first = marks_of(of);
  return {loop_caption(of), bar_chart("the loop by stage", *std::ranges::min_element(first), rows)};
}

std::optional<Figure> replicas_figure(const Case& of) {
  const auto span = shown_of(of);
  std::vector<Series> all = {{"admitted", ink::blue, Series::Form::steps, {}},
                             {"serving", ink::pale_green, Series::Form::wide_steps, {}},
                             {"envelope", ink::red, Series::Form::dashed_steps, {}},
                             {"quota", ink::grey, Series::Form::dashed_steps, {}}};
  for (const auto& decision : of.decisions) {
    if (decision.decided.service == of.service) take_decision(all, span, decision);
  }
  for (const auto& admitted : of.admissions) {
    if (admitted.service == of.service) put(all[0], span, admitted.at, static_cast<double>(admitted.replicas));
  }
  for (const auto& serving : of.servings) {
    if (serving.service == of.service) put(all[1], span, serving.at, static_cast<double>(serving.replicas));
  }
  std::swap(all[0], all[1]);  // the wide line is drawn below
  std::erase_if(all, [](const Series& series) { return series.samples.empty(); });
  if (all.empty()) return std::nullopt;
  return Figure{"Figure 2. Replicas of " + of.service +
                    ": admitted by policy, less what failed; serving behind the load balancer; and how many the "
                    "envelope and the quota would hold beside what else the org uses. Dotted: signals of this case. "
                    "Times are UTC.",
                step_chart("replicas and envelope over time", span, all, marks_of(of))};
}

std::optional<Figure> values_figure(const Case& of) {
  const auto span = shown_of(of);
  constexpr std::array colours = {ink::orange, ink::blue, ink::green};
  std::vector<Series> all;
  for (const auto& value : of.values) {
    if (value.resolved || value.at < span.from || value.at > span.to) continue;
    auto series = std::ranges::find(all, value.name, &Series::name);
    if (series == all.end()) {
      if (all.size() == alert_names_max) continue;
      series = all.insert(all.end(), {value.name, colours[all.size()], Series::Form::dots, {}});
    }
    series->samples.push_back({value.at, static_cast<double>(value.value_milli) / 1'000});
  }
  if (all.empty()) return std::nullopt;
  return Figure{"Figure 3. The values that alerts of " + of.service + " reported. Dotted: signals of this case.",
                step_chart("values of the signal over time", span, all, marks_of(of))};
}

}  // namespace virtscale::replay
