#include "tests/simulation/engine/faults.hpp"

#include <string>

namespace virtscale::simulation {

Faults::Faults(const Plan& plan, Story& story) : plan_(plan), story_(story) {
  for (std::size_t i = 0; i < faults_count; ++i) {
    Dice rate(plan.seed, "rate", i);
    const auto permille = rate.one_in(2) ? 1 + rate.below(fault_kinds[i].permille_max) : 0;
    streams_[i] = Stream{Dice(plan.seed, "fault", i), static_cast<std::uint32_t>(permille)};
  }
}

std::optional<Dice> Faults::strikes(Fault kind) {
  const auto i = static_cast<std::size_t>(kind);
  auto& stream = *streams_[i];
  if (quiet_ || !stream.dice.permille(stream.permille)) return std::nullopt;
  const auto number = stream.struck++;
  if (number >= plan_.budgets[i] || number < plan_.skips[i]) return std::nullopt;
  ++counts_[i];
  story_.tell([&] { return "fault " + std::string(name_of(kind)) + " " + std::to_string(number + 1); });
  return Dice(plan_.seed, name_of(kind), number);
}

}  // namespace virtscale::simulation
