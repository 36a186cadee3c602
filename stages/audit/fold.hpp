// The fold of audit: gathers what became of each scale event, writes its line, and has the tree signed.
#pragma once

#include <cstdint>
#include <string>

#include "stages/audit/state.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::audit {

/// Satisfies `Stage`.
struct Fold {
  using State = audit::State;
  static constexpr Source source = Source::audit;
  static constexpr Topic inbox = Topic::outcomes;
  static constexpr std::uint32_t epoch = 1;
  static void fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept;
  static std::string violated_invariant(const State& state);
};

static_assert(Stage<Fold>);

}  // namespace virtscale::audit
