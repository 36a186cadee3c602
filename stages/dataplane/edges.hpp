// What reaches the dataplane's inbox from outside: that a load balancer lacks what should be in it, or has what should
// not.
//
// The one thing to know: servers that were added at run time are lost when HAProxy restarts or reloads, and an owner
// that was taken for dead may put one back that its successor has drained. A sight of HAProxy is compared with the
// state; what differs is announced, and the fold puts it right.
#pragma once

#include <functional>

#include "stages/dataplane/state.hpp"
#include "topology/adapters/haproxy/haproxy.hpp"
#include "topology/ports/edge.hpp"

namespace virtscale::dataplane {

/// Shows the visitor the state of each partition that this process owns, on that state's thread, now or later.
using StateReader = std::function<void(std::function<void(const State&)>)>;

/// After a service was announced to lack a server, the fold is given this long to put it back before it is announced
/// once more; a new restart is announced at once.
inline constexpr Duration announcement_pause = seconds(10);

/// Appends LoadBalancerRestarted for each service of which a serving backend is missing, or takes no traffic: at once
/// after a restart, else if it is missing in two looks in a row, since a look may be older than the state. Appends
/// StraysFound for a service of which domains that have departed are there in two looks in a row. Ends with `haproxy`;
/// the reader and the log outlive it. REQUIRES: called once for each `haproxy`.
void watch_balancer(Haproxy& haproxy, StateReader read, EdgeLog& log);

}  // namespace virtscale::dataplane
