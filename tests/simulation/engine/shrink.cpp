#include "tests/simulation/engine/shrink.hpp"

#include <algorithm>
#include <charconv>

namespace virtscale::simulation {
namespace {

std::string_view failure_of(const Report& report) {
  return report.violations.empty() ? std::string_view() : std::string_view(report.violations.front().check);
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
    for (std::size_t i = 0; i < faults_count; ++i) lower(plan_.budgets[i], 0);
    for (std::size_t i = 0; i < faults_count; ++i) bisect(plan_.budgets[i]);
    bisect(plan_.actions_max);
    return {plan_, run(plan_, Story::Reader::somebody), runs_};
  }

 private:
  // True if it still fails so.
  bool lower(std::uint32_t& bound, std::uint32_t to) {
    if (bound <= to || runs_ >= shrinking_runs_max) return false;
    const auto before = bound;
    bound = to;
    ++runs_;
    if (failure_of(run(plan_, Story::Reader::nobody)) == failure_) return true;
    bound = before;
    return false;
  }

  void bisect(std::uint32_t& bound) {
    for (auto step = bound / 2; step > 0 && bound > 0; step /= 2) {
      while (bound >= step && lower(bound, bound - step)) {
      }
    }
    lower(bound, bound == 0 ? 0 : bound - 1);
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
    if (plan.budgets[i] != Plan::all && plan.budgets[i] != 0)
      only += std::string(fault_kinds[i].name) + "=" + std::to_string(plan.budgets[i]) + ",";
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
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos) return false;
    std::uint32_t count = 0;
    const auto digits = entry.substr(equals + 1);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), count).ec != std::errc()) return false;
    const auto name = entry.substr(0, equals);
    const auto kind = std::ranges::find(fault_kinds, name, &FaultKind::name);
    if (name == "actions") {
      plan.actions_max = count;
    } else if (kind != fault_kinds.end()) {
      plan.budgets[static_cast<std::size_t>(kind - fault_kinds.begin())] = count;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace virtscale::simulation
