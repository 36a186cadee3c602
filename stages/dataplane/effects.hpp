// How the dataplane's requests reach the outside: probes, and the load balancer.
#pragma once

#include <memory>

#include "topology/host/attempts.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::dataplane {

/// A server joins in a fraction of a second, or the balancer is away; half a minute outlasts its restart.
inline constexpr RetryBudget add_budget{
    .attempts_max = 10, .first_pause = milliseconds(200), .pause_max = seconds(5), .deadline = seconds(30)};
/// The driver itself waits for open connections; what is retried is a balancer that does not answer. The fold asks
/// again after that.
inline constexpr RetryBudget drain_budget{
    .attempts_max = 5, .first_pause = milliseconds(200), .pause_max = seconds(2), .deadline = seconds(10)};

/// The effects of the stage. A probe has its own deadline and is asked once. A server that could not be added in the
/// end is taken out again before the refusal is told, so that nothing of it stays in the balancer. The drivers and the
/// executor outlive the effects and every answer.
std::unique_ptr<Effects> make_effects(Probe& probe, LoadBalancer& balancer, Executor& executor);

}  // namespace virtscale::dataplane
