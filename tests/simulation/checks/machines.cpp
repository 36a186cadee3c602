#include "tests/simulation/checks/machines.hpp"

#include "tests/simulation/checks/books.hpp"

namespace virtscale::simulation {

void Machines::note_decision(const Recorded& record) {
  const auto* admission = record.event->body_as_ScaleAdmitted();
  if (admission == nullptr || admission->names() == nullptr) return;
  for (const auto* name : *admission->names()) admitted_.insert(name->str());
}

void Machines::note_placement(const Recorded& record) {
  if (const auto* started = record.event->body_as_DomainStarted()) started_.insert(started->domain()->str());
  if (const auto* passed = record.event->body_as_LivenessPassed()) alive_.insert(passed->domain()->str());
}

void Machines::note_outcome(const Recorded& record) {
  const auto* serving = record.event->body_as_DomainServing();
  if (serving != nullptr && !alive_.contains(serving->domain()->str()))
    story_.violated("nothing serves that was not seen alive", serving->domain()->str() + " at " + place_of(record));
}

void Machines::note_signal(const Recorded& record) {
  if (const auto* not_started = record.event->body_as_DomainNotStarted())
    note_given_back(record, not_started->domain()->str());
  const auto* stopped = record.event->body_as_DomainStopped();
  if (stopped != nullptr && stopped->domain() != nullptr) note_given_back(record, stopped->domain()->str());
}

// One that was stopped may be there again: an owner that was taken for dead has started it late, and the sweep finds
// it.
void Machines::note_given_back(const Recorded& record, const std::string& domain) {
  if (!world_.fleet.machines().contains(domain) || world_.fleet.stops_of(domain) > 0) return;
  story_.violated("what may still run keeps its place",
                  domain + " runs, was never stopped, and is given back at " + place_of(record));
}

void Machines::note_begin(const Machine& machine) {
  if (!admitted_.contains(machine.order.name))
    story_.violated("nothing acts on what could be forgotten",
                    machine.order.name + " is started, and no admission of it is durable");
}

// Whoever was asked to drain it may have failed, or an owner that was taken for dead has put it back.
void Machines::note_end(const Machine& machine) {
  const auto& name = machine.order.name;
  if (world_.pools.drains_asked().contains(name)) return;
  for (const auto& [backend, pool] : world_.pools.pools()) {
    const auto server = pool.find(name);
    if (server != pool.end() && server->second.phase == Server::Phase::up)
      story_.violated("a server is drained before its domain is stopped", name + " takes traffic in pool " + backend);
  }
}

void Machines::note_server(const std::string& backend, const std::string& server) {
  if (!started_.contains(server))
    story_.violated("no server is in the balancer whose domain was never started", server + " in pool " + backend);
}

// --- At rest -------------------------------------------------------------------------------------------------------

std::string Machines::awaits() const {
  std::set<std::string> held;
  if (auto awaited = awaits_of_policy(held); !awaited.empty()) return awaited;
  if (auto awaited = awaits_of_orchestration(held); !awaited.empty()) return awaited;
  if (auto awaited = awaits_of_dataplane(); !awaited.empty()) return awaited;
  return awaits_of_audit();
}

std::string Machines::awaits_of_policy(std::set<std::string>& held) const {
  std::string awaited;
  for (std::uint32_t p = 0; p < partitions_of(Topic::signals); ++p) {
    const auto& state = view_.policy(p);
    state.domains.each("", [&](std::string_view key, const schema::DomainBookT& domain) {
      if (domain.holding != schema::Holding::committed) awaited = std::string(key) + " is still reserved";
      held.emplace(key.substr(key.rfind('/') + 1));
      return awaited.empty();
    });
    state.services.each("", [&](std::string_view key, const auto& book) {
      if (book.leaving != 0) awaited = std::string(key) + " has " + std::to_string(book.leaving) + " leaving";
      return awaited.empty();
    });
    state.refusals.each("", [&](std::string_view key, const auto&) {
      awaited = "the refusal " + std::string(key) + " still stands";
      return false;
    });
  }
  return awaited;
}

std::string Machines::awaits_of_orchestration(const std::set<std::string>& held) const {
  std::string awaited;
  std::size_t rows = 0;
  for (std::uint32_t p = 0; p < partitions_of(Topic::decisions); ++p) {
    view_.orchestration(p).domains.each("", [&](std::string_view name, const schema::PlacedDomainT& row) {
      ++rows;
      const std::string domain(name);
      if (row.phase != schema::PlacementPhase::running)
        awaited = domain + " is " + schema::EnumNamePlacementPhase(row.phase);
      else if (!held.contains(domain))
        awaited = domain + " is placed, and policy holds nothing for it";
      else if (!world_.fleet.machines().contains(domain))
        awaited = domain + " is said to run, and does not";
      return awaited.empty();
    });
    if (!awaited.empty()) return awaited;
  }
  if (rows != held.size())
    return "policy holds " + std::to_string(held.size()) + " domains, and " + std::to_string(rows) + " are placed";
  for (const auto& [name, machine] : world_.fleet.machines()) {
    if (!held.contains(name)) return name + " is an orphan, and runs";
  }
  return {};
}

std::string Machines::awaits_of_dataplane() const {
  std::string awaited;
  std::size_t rows = 0;
  std::map<std::string, std::string> serving;  // the backend of each server
  for (std::uint32_t p = 0; p < partitions_of(Topic::placements); ++p) {
    view_.dataplane(p).backends.each("", [&](std::string_view key, const schema::DomainBackendT& row) {
      ++rows;
      if (row.phase != schema::BackendPhase::serving || row.adding || row.retiring)
        awaited = std::string(key) + " is " + schema::EnumNameBackendPhase(row.phase) + " or on its way";
      else if (!world_.fleet.machines().contains(row.domain))
        awaited = std::string(key) + " is said to serve, and does not run";
      if (!row.backend.empty()) serving[row.domain] = row.backend;
      return awaited.empty();
    });
  }
  if (!awaited.empty()) return awaited;
  if (rows != world_.fleet.machines().size())
    return std::to_string(world_.fleet.machines().size()) + " domains run, and " + std::to_string(rows) + " serve";
  return awaits_of_pools(serving);
}

std::string Machines::awaits_of_pools(const std::map<std::string, std::string>& serving) const {
  std::size_t servers = 0;
  for (const auto& [backend, pool] : world_.pools.pools()) {
    for (const auto& [server, row] : pool) {
      ++servers;
      const auto served = serving.find(server);
      if (served == serving.end() || served->second != backend) return server + " is a stray in pool " + backend;
      // A lie of the probe may let one serve that does not listen; the balancer sends it nothing.
      if (row.phase == Server::Phase::draining) return server + " drains in pool " + backend;
    }
  }
  if (servers != serving.size())
    return std::to_string(serving.size()) + " servers should be in the balancer, and " + std::to_string(servers) +
           " are";
  return {};
}

std::string Machines::awaits_of_audit() const {
  std::string awaited;
  for (std::uint32_t p = 0; p < partitions_of(Topic::outcomes); ++p) {
    const auto& state = view_.audit(p);
    state.scales.each("", [&](std::string_view key, const schema::AuditScaleT& scale) {
      if (scale.line < 0) awaited = std::string(key) + " has no line yet";
      return awaited.empty();
    });
    state.ledgers.each("", [&](std::string_view org, const schema::OrgLedgerT& ledger) {
      if (ledger.signed_size != ledger.size) awaited = "the ledger of " + std::string(org) + " is not signed";
      return awaited.empty();
    });
    if (state.standing.size() != 0) awaited = "a refusal stands at audit";
  }
  return awaited;
}

}  // namespace virtscale::simulation
