#include "tests/simulation/engine/shrink.hpp"

#include <algorithm>
#include <charconv>

namespace virtscale::simulation {
namespace {

std::string_view failure_of(const Report& report) {
  return report.violations.empty() ? std::string_view() : std::string_view(report.violations.front().check);
}

bool parse_number(std::string_view digits, std::uint32_t& number) {
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, number);
  return read.ec == std::errc() && read.ptr == end;
}

class Shrinking {
 public:
  explicit Shrinking(const Plan& plan) : plan_(plan), report_(run(plan, Story::Reader::nobody)) {
    failure_ = failure_of(report_);
  }

  Shrunk go() {
    // What did not happen need not be allowed.
    for (std::size_t i = 0; i < faults_count; ++i) plan_.budgets[i] = report_.faults[i];
    plan_.actions_max = report_.actions;
    for (std::size_t i = 0; i < faults_count; ++i) change(plan_.budgets[i], 0);
    for (std::size_t i = 0; i < faults_count; ++i) bisect(plan_.budgets[i], 0);
    bisect(plan_.actions_max, 0);
    for (std::size_t i = 0; i < faults_count; ++i) bisect(plan_.skips[i], plan_.budgets[i]);
    return {plan_, run(plan_, Story::Reader::somebody), runs_};
  }

 private:
  // True if it still fails so.
  bool change(std::uint32_t& bound, std::uint32_t to) {
    if (bound == to || runs_ >= shrinking_runs_max) return false;
    const auto before = bound;
    bound = to;
    ++runs_;
    if (failure_of(run(plan_, Story::Reader::nobody)) == failure_) return true;
    bound = before;
    return false;
  }

  // As near to `wanted` as it still fails so, by halves.
  void bisect(std::uint32_t& bound, std::uint32_t wanted) {
    const auto distance = [&] { return wanted > bound ? wanted - bound : bound - wanted; };
    for (auto step = distance(); step > 0; step /= 2) {
      while (distance() >= step && change(bound, wanted > bound ? bound + step : bound - step)) {
      }
    }
  }

  Plan plan_;
  Report report_;
  std::string failure_;
  std::uint32_t runs_ = 0;
};

}  // namespace

Shrunk shrink(const Plan& plan) {
  return Shrinking(plan).go();
}

std::string command_for(const Plan& plan) {
  std::string only;
  for (std::size_t i = 0; i < faults_count; ++i) {
    if (plan.budgets[i] == Plan::all || plan.budgets[i] <= plan.skips[i]) continue;
    const auto skipped = plan.skips[i] == 0 ? std::string() : std::to_string(plan.skips[i]) + "..";
    only += std::string(fault_kinds[i].name) + "=" + skipped + std::to_string(plan.budgets[i]) + ",";
  }
  if (plan.actions_max != Plan::all) only += "actions=" + std::to_string(plan.actions_max) + ",";
  auto command = "./run sim --seed " + std::to_string(plan.seed);
  if (plan.budgets == Plan::filled() && only.empty()) return command;
  if (!only.empty()) only.pop_back();
  return command + " --only " + (only.empty() ? "none" : only);
}

bool parse_only(std::string_view text, Plan& plan) {
  plan.budgets.fill(0);
  while (!text.empty() && text != "none") {
    const auto entry = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), entry.size() + 1));
    const auto equals = std::min(entry.size(), entry.find('='));
    const auto name = entry.substr(0, equals);
    auto count = entry.substr(std::min(entry.size(), equals + 1));
    const auto kind = std::ranges::find(fault_kinds, name, &FaultKind::name);
    if (name == "actions") {
      if (!parse_number(count, plan.actions_max)) return false;
      continue;
    }
    if (kind == fault_kinds.end()) return false;
    const auto i = static_cast<std::size_t>(kind - fault_kinds.begin());
    if (const auto dots = count.find(".."); dots != std::string_view::npos) {
      if (!parse_number(count.substr(0, dots), plan.skips[i])) return false;
      count.remove_prefix(dots + 2);
    }
    if (!parse_number(count, plan.budgets[i])) return false;
  }
  return true;
}

}  // namespace virtscale::simulation
