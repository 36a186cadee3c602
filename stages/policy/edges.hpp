// What policy shows to the outside: the state of contracts, services and postmortems, as JSON over HTTP.
//
// The one thing to know: nothing reaches policy's inbox by this edge; it only reads, on the stage's own thread, so what
// it shows is one state between two steps.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "stages/policy/state.hpp"
#include "topology/ports/authorizer.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/http.hpp"

namespace virtscale::policy {

/// Calls `visit` once, on the stage's thread, with the state of every partition that this process owns. The states are
/// borrowed until `visit` returns.
using ReadStates = std::function<void(std::function<void(std::span<const State* const>)> visit)>;

/// One answer lists at most this many services, and orgs: the stage folds nothing meanwhile, and a thousand take it a
/// few milliseconds. `"complete": false` says that there are more; ask for one org or one service then.
inline constexpr std::size_t status_services_max = 1'000;
inline constexpr std::size_t status_orgs_max = 1'000;

/// `GET /v1/status[?org=ORG[&service=S]]`: contract, envelope, usage and services. Without `org` for operators only;
/// 404 for an org or a service that is not known. `authorizer` and `clock` outlive the handler.
HttpHandler status_handler(ReadStates read, const Authorizer& authorizer, const Clock& clock);

/// One answer lists at most this many postmortems: five orgs' worth, and a few megabytes.
inline constexpr std::size_t postmortems_listed_max = 5'000;

/// `GET /v1/postmortems[?org=ORG]`: drafts that are open or closed, with the day by which each is due and the zone that
/// the day is of. Whether one is overdue is for whoever knows the day. Without `org` for operators only.
HttpHandler postmortems_handler(ReadStates read, const Authorizer& authorizer);

/// Both, each under its path.
HttpHandler make_edges(const ReadStates& read, const Authorizer& authorizer, const Clock& clock);

}  // namespace virtscale::policy
