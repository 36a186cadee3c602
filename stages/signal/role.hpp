// The role of signal: the fold, the HTTP edges, and the schedules.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "topology/host/role.hpp"
#include "topology/ports/documents.hpp"

namespace virtscale::signal {

/// Calls `done` once, on any thread, with the requests that wait in this backend of the load balancer; -1: unknown.
using BackendDepth = std::function<void(const std::string& backend, std::function<void(std::int64_t)> done)>;

/// `depth` may be empty: then the queue's depth is always unknown.
std::unique_ptr<Role> make_role(RoleParts parts, ReadDocuments read_documents, BackendDepth depth);

}  // namespace virtscale::signal
