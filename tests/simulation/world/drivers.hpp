// The drivers of one life of a process: the ports of the effects, over the world that all share.
#pragma once

#include <memory>

#include "tests/simulation/engine/outside.hpp"
#include "tests/simulation/world/world.hpp"

namespace virtscale::simulation {

/// The drivers of this life, its edges included. The world and all that `life` refers to outlive them.
std::unique_ptr<Drivers> make_drivers(World& world, const Life& life);

}  // namespace virtscale::simulation
