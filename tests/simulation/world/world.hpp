// The world: one truth that all processes share, and that none of them takes along when it dies.
#pragma once

#include "tests/simulation/world/calls.hpp"
#include "tests/simulation/world/fleet.hpp"
#include "tests/simulation/world/mailbox.hpp"
#include "tests/simulation/world/pools.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale::simulation {

struct World {
  VirtualTime& time;
  Faults& faults;
  Story& story;
  const Signer& signer;
  Calls calls;
  Fleet fleet;
  Pools pools;
  Mailbox mailbox;
  Dice queues;  ///< of the depths that the balancer tells

  World(VirtualTime& in, Faults& with, Story& told, const Signer& by, std::uint64_t seed)
      : time(in),
        faults(with),
        story(told),
        signer(by),
        calls(in, with, seed),
        fleet(in, with, told, seed),
        pools(in, with, told, fleet, seed),
        mailbox(in),
        queues(seed, "queues") {}
};

}  // namespace virtscale::simulation
