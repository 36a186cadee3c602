// The role of orchestration: the fold, the starting and stopping of domains, the sweep of orphans, and what operators
// see of cells and domains.
#pragma once

#include <memory>

#include "topology/host/role.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::orchestration {

/// Orphans are looked for each `sweep_every`. `domains` outlives it.
std::unique_ptr<Role> make_role(RoleParts parts, Domains& domains, Duration sweep_every);

}  // namespace virtscale::orchestration
