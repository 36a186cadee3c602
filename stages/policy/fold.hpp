// The policy stage as a fold: who may grow how far, under which contract.
//
// The one thing to know: it decides in the order of its inbox and keeps usage as running totals, so that an envelope is
// never exceeded by any interleaving of requests, and a decision costs the same at one service or a million.
#pragma once

#include <string>

#include "stages/policy/state.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::policy {

struct Fold {
  using State = policy::State;
  static constexpr Source source = Source::policy;
  static constexpr Topic inbox = Topic::signals;
  static constexpr std::uint32_t epoch = 1;

  /// Folds one record; see step.hpp for what each event does.
  static void fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept;
  /// invariants.hpp.
  static std::string violated_invariant(const State& state);
};

static_assert(Stage<Fold>);

}  // namespace virtscale::policy
