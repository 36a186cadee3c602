// The dataplane stage: a started domain is probed, put behind the load balancer, and later taken out without a dropped
// connection.
//
// The one thing to know: for one server there is never more than one request at the load balancer. A retirement waits
// for the answer of an AddBackend before it asks for the DrainBackend.
#pragma once

#include "stages/dataplane/state.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::dataplane {

/// Health of a service whose document says nothing, and the bounds of one whose document says too much or too little.
inline constexpr Duration probe_every_default = milliseconds(500);
inline constexpr Duration probe_every_min = milliseconds(10);
inline constexpr Duration probe_every_max = seconds(60);
inline constexpr Duration probe_deadline_default = seconds(60);
inline constexpr Duration probe_deadline_max = hours(1);

/// How often a drain that failed is asked again, and after which pause: a dead load balancer must not keep domains
/// alive for ever.
inline constexpr std::uint32_t drains_failed_max = 10;
inline constexpr Duration drain_pause = seconds(5);
/// A serving domain that the balancer did not take back after its restart is offered again, for ever.
inline constexpr Duration rejoin_pause = seconds(30);

/// So many of the last departures of a partition are remembered: who comes back later than that stays until somebody
/// takes it out by hand.
inline constexpr std::uint64_t departed_max = 1'000;

struct Fold {
  using State = dataplane::State;
  static constexpr Source source = Source::dataplane;
  static constexpr Topic inbox = Topic::placements;
  static constexpr std::uint32_t epoch = 1;

  static void fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept;
  static std::string violated_invariant(const State& state);
};

}  // namespace virtscale::dataplane
