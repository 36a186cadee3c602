// The role of the dataplane: the fold, probes, and the load balancer with a watch on it.
#pragma once

#include <memory>

#include "topology/adapters/haproxy/haproxy.hpp"
#include "topology/host/role.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::dataplane {

/// `watched` is the balancer if it is an HAProxy, else null. All outlive it.
std::unique_ptr<Role> make_role(RoleParts parts, Probe& probe, LoadBalancer& balancer, Haproxy* watched);

}  // namespace virtscale::dataplane
