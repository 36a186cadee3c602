#include "stages/dataplane/invariants.hpp"

#include <map>

#include "stages/dataplane/fold.hpp"

namespace virtscale::dataplane {
namespace {

using schema::BackendPhase;
using schema::DomainBackendT;

/// What is wrong with a row, if anything.
std::string_view fault_of(const DomainBackendT& row) {
  const bool balanced = !row.backend.empty();
  switch (row.phase) {
    case BackendPhase::probing:
      if (row.adding || row.add_again) return "is in the hands of the balancer before it was alive";
      break;
    case BackendPhase::joining:
      if (!balanced || !row.adding) return "joins, and nobody was asked to add it";
      break;
    case BackendPhase::serving:
      if (row.retiring && !row.adding) return "is retired and free to leave, and still serves";
      break;
    case BackendPhase::draining:
      if (!balanced || !row.retiring) return "drains, and was not retired from a balancer";
      if (row.adding || row.add_again) return "is added and drained at once";
      break;
  }
  if (row.add_again && !row.adding) return "waits for an addition that nobody was asked for";
  if (row.drains_failed >= drains_failed_max) return "was drained more often than the bound";
  return {};
}

std::string fault_of_row(const State& state, std::string_view key, const DomainBackendT& row) {
  const auto slash = key.find('/');
  std::string_view fault = fault_of(row);
  if (slash == std::string_view::npos || key.substr(slash + 1) != row.domain)
    fault = "stands under a key of another";
  else if (state.homes.find(JoinedKey(key.substr(0, slash), row.service)) == nullptr)
    fault = "has a service without a home";
  if (fault.empty()) return {};
  return "backend " + std::string(key) + " " + std::string(fault);
}

}  // namespace

std::string violated_invariant(const State& state) {
  std::string found;
  std::map<std::string, std::uint32_t> serving;  // by org/service
  state.backends.each("", [&](std::string_view key, const DomainBackendT& row) {
    found = fault_of_row(state, key, row);
    if (row.phase == BackendPhase::serving) ++serving[JoinedKey(key.substr(0, key.find('/')), row.service).str()];
    return found.empty();
  });
  if (!found.empty()) return found;
  state.homes.each("", [&](std::string_view key, const schema::ServiceHomeT& home) {
    if (home.serving == serving[std::string(key)]) return true;
    found = "service " + std::string(key) + " counts another number of serving backends than it has";
    return false;
  });
  if (found.empty() && state.departed.size() > departed_max) found = "more departures are remembered than the bound";
  return found;
}

}  // namespace virtscale::dataplane
