// Signal: what reaches Virtscale becomes a wish to scale, once.
//
// The one thing to know: a wish (ScaleWanted) begins a scale event, and its id is that of the wish itself. Copies of an
// alert end here, so that no stage below ever sees one.
#pragma once

#include <string>

#include "stages/signal/state.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::signal {

/// The stage `signal`, as topology/contract/stage.hpp wants it.
struct Fold {
  using State = signal::State;
  static constexpr Source source = Source::signal;
  static constexpr Topic inbox = Topic::alerts;
  static constexpr std::uint32_t epoch = 1;

  static void fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept;
  static std::string violated_invariant(const State& state);
};
static_assert(Stage<Fold>);

}  // namespace virtscale::signal
