// How the dataplane's requests reach the outside: probes, and the load balancer.
#pragma once

#include <memory>

#include "topology/host/attempts.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::dataplane {

/// A server joins in a fraction of a second, or the balancer is away; the pauses (16 s) outlast its restart. With the
/// driver's own deadline of 5 s for each attempt, the answer is there within a minute.
inline constexpr RetryBudget add_budget{
    .attempts_max = 8, .first_pause = milliseconds(200), .pause_max = seconds(5), .deadline = seconds(30)};
/// The driver itself waits 30 s for open connections; the second attempt is for a balancer that was away for a moment.
/// The fold asks again after that, ten times in all: a connection that never ends holds a domain for 11 minutes.
inline constexpr RetryBudget drain_budget{
    .attempts_max = 2, .first_pause = milliseconds(500), .pause_max = seconds(2), .deadline = seconds(10)};

/// The effects of the stage. A probe has its own deadline and is asked once. A server that could not be added in the
/// end is taken out again before the refusal is told, so that nothing of it stays in the balancer. The drivers and the
/// executor outlive the effects and every answer.
std::unique_ptr<Effects> make_effects(Probe& probe, LoadBalancer& balancer, Executor& executor);

}  // namespace virtscale::dataplane
