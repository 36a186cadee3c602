// How orchestration's requests, StartDomain and StopDomain, reach a driver of domains.
#pragma once

#include <memory>

#include "topology/host/attempts.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::orchestration {

/// A start is tried little here, since the fold tries other nodes.
inline constexpr RetryBudget start_budget{
    .attempts_max = 2, .first_pause = milliseconds(200), .pause_max = seconds(1), .deadline = seconds(10)};
/// A stop is tried again by the fold as well, after its pause and without end.
inline constexpr RetryBudget stop_budget{
    .attempts_max = 4, .first_pause = milliseconds(200), .pause_max = seconds(2), .deadline = seconds(10)};

/// Both must outlive what is returned, and every request that is under way.
std::unique_ptr<Effects> make_effects(Domains& domains, Executor& executor);

}  // namespace virtscale::orchestration
