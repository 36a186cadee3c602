// Audit's edges over HTTP: scale events with all that explains them, ledgers, and a stream of what happens.
//
// The one thing to know: everything here is read. Scale events come from the fold's state, ledgers from the files that
// are written from the log, the stream from the log itself.
#pragma once

#include <filesystem>
#include <functional>
#include <span>

#include "stages/audit/state.hpp"
#include "topology/ports/authorizer.hpp"
#include "topology/ports/edge.hpp"
#include "topology/ports/http.hpp"

namespace virtscale::audit {

/// Calls `visit` once, on the stage's thread, with the state of every partition that this process owns. The states are
/// borrowed until `visit` returns.
using ReadStates = std::function<void(std::function<void(std::span<const State* const>)> visit)>;

/// What the edges are made of. References must outlive the handler and all that it began.
struct EdgeParts {
  ReadStates read;
  EdgeLog& log;
  const Authorizer& authorizer;
  std::filesystem::path ledgers;  ///< the directory of ledgers: `<ledgers>/<org>/`
};

/// Handles GET of these, and answers 404 to all else and 405 to other methods. An org's token reaches what is its own,
/// an operator's everything.
///   /v1/scales/{id}                          one scale event, all that `explain` needs; `?org=` is quicker
///   /v1/scales?org=&limit=                   the newest first; without `org` of all orgs, for operators
///   /v1/orgs/{org}/ledger/checkpoint         C2SP tlog-checkpoint
///   /v1/orgs/{org}/ledger/tile/…             C2SP tlog-tiles
///   /v1/orgs/{org}/ledger/lines?from=&limit= lines that are signed, one a line
///   /v1/orgs/{org}/ledger/keys               vkeys, one a line
///   /v1/events?org=                          Server-Sent Events, from now on
/// Watches `outcomes` and `ledger` from this call on. Thread-safe; reads small files on the caller's thread.
HttpHandler make_edges(EdgeParts parts);

}  // namespace virtscale::audit
