// What HAProxy answers. Input: a plan, then `show stat`, `show info` and the reply to a command.
// Properties: whatever HAProxy says, the next command is one line, names the plan's own server, and holds nothing that
// HAProxy said; a refusal says why in one line of bounded length.
#include "tests/fuzz/input.hpp"
#include "topology/adapters/haproxy/plan.hpp"

namespace virtscale::fuzz {
namespace {

using haproxy::Next;
using haproxy::Plan;

bool is_command(std::string_view command) {
  return std::all_of(command.begin(), command.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

void check_next(const Plan& plan, const Next& next) {
  const auto name = plan.backend + "/" + plan.server;
  check((next.kind == Next::Kind::send) == !next.command.empty(), "what is to be sent is a command");
  check(is_command(next.command) && is_command(next.then), "a command is one line of plain text", next.command);
  check(next.command.empty() || next.command.find(name) != std::string::npos, "a command names its server",
        next.command);
  const auto parts = std::count(next.command.begin(), next.command.end(), ';');
  check(parts <= 1 && std::count(next.then.begin(), next.then.end(), ';') <= 1, "at most two commands at once");
}

void check_reply(const Plan& plan, std::string_view reply) {
  const auto verdict = verdict_of(plan, reply);
  const bool refused = verdict.kind == haproxy::Verdict::Kind::refused;
  check(refused == !verdict.failure.reason.empty(), "a refusal says why");
  check(verdict.failure.reason.size() < 1'000, "a reason is short", verdict.failure.reason);
  check(verdict.failure.reason.find('\n') == std::string::npos, "a reason is one line", verdict.failure.reason);
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  fuzz::Input input(data, size);
  haproxy::Plan plan;
  plan.aim = (input.integer<std::uint8_t>() & 1U) != 0 ? haproxy::Aim::out : haproxy::Aim::in;
  plan.backend = input.text();
  plan.server = input.text();
  plan.target = {std::string(input.text()), input.integer<std::uint16_t>()};
  plan.options = "check inter 200ms";
  const auto stat = input.text();
  haproxy::parse_info(stat);
  const auto rows = haproxy::parse_stat(stat);
  if (!haproxy::fault_of(plan).empty()) return 0;
  fuzz::check_next(plan, next_of(plan, nullptr));
  for (const auto& row : rows.value_or(std::vector<haproxy::StatRow>())) fuzz::check_next(plan, next_of(plan, &row));
  fuzz::check_reply(plan, input.rest());
  return 0;
}
