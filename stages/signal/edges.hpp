// Signal's edges over HTTP: alerts, scale requests and documents come in, become records, and are answered when what
// was promised is durable.
//
// The one thing to know: nothing is decided here. A request is appended, and its caller waits for the record that
// answers it; if this process dies meanwhile, the decision stands in the log all the same.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "topology/ports/authorizer.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/documents.hpp"
#include "topology/ports/edge.hpp"
#include "topology/ports/http.hpp"

namespace virtscale::signal {

/// Calls `done` once, from any thread, with the requests that wait at the load balancer for this service; -1 if
/// unknown. Whoever gives this function bounds the wait.
using QueueDepth = std::function<void(std::string org, std::string service, std::function<void(std::int64_t)> done)>;

/// What the edges are made of. References must outlive the handler and all that it began.
struct EdgeParts {
  EdgeLog& log;
  Executor& executor;  ///< for time-outs
  const Authorizer& authorizer;
  ReadDocuments read_documents;
  QueueDepth queue_depth{};                                 ///< none: the depth is always unknown
  std::map<std::string, std::int64_t> contract_versions{};  ///< by org, known from before; the fold is the judge anyway
};

/// Handles these, and answers 404 to all else and 405 to other methods:
///   POST /v1/orgs/{org}/alerts                    Alertmanager's webhook, version 4
///   POST /v1/orgs/{org}/services/{service}/scale  {"change": n} or {"replicas": n}
///   PUT  /v1/documents                            YAML or JSON; `?file=` names it in messages
///   POST /v1/orgs/{org}/postmortems               {"name", "sha256", "due", "calendar", "event"}: a draft is there
///   POST /v1/orgs/{org}/postmortems/closed        {"name", "sha256"}: it is written and agreed
/// Watches `outcomes` from this call on. Thread-safe, and never blocks. Who still waits for a decision when the handler
/// ends gets no answer.
HttpHandler make_edges(EdgeParts parts);

}  // namespace virtscale::signal
