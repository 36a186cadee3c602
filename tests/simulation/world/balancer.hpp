// The load balancer as one life of a process sees it.
#pragma once

#include <memory>

#include "tests/simulation/engine/outside.hpp"
#include "tests/simulation/world/world.hpp"
#include "topology/adapters/haproxy/haproxy.hpp"

namespace virtscale::simulation {

/// Over the pools of the world. Both outlive it.
std::unique_ptr<Haproxy> make_balancer(World& world, Executor& executor);

}  // namespace virtscale::simulation
