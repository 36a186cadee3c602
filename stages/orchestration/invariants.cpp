#include "stages/orchestration/invariants.hpp"

#include <map>
#include <utility>

namespace virtscale::orchestration {
namespace {

struct Used {
  std::int64_t vcpu_milli = 0;
  std::int64_t ram_mib = 0;
};
using UseByNuma = std::map<std::pair<std::string, std::uint32_t>, Used>;

// What the domains say about the rows that follow from them.
struct Expected {
  UseByNuma used;
  std::size_t queued = 0;
};

std::string lists_of(const State& state, std::string_view name, const schema::PlacedDomainT& row) {
  const auto* listed = state.by_service.find(service_key(row));
  if (listed == nullptr || listed->domain != name)
    return "domain " + std::string(name) + " is not listed at its service";
  const auto* waiting = state.queue.find(queue_key(row));
  const bool waits = waiting != nullptr && waiting->domain == name;
  const bool queued = row.phase == schema::PlacementPhase::queued;
  if (waits != queued) return "domain " + std::string(name) + " is queued in one table and not in the other";
  return {};
}

std::string phase_of(std::string_view name, const schema::PlacedDomainT& row) {
  using Phase = schema::PlacementPhase;
  const bool rests = row.phase == Phase::queued || (row.phase == Phase::stopping && !row.ran);
  if (!rests && !is_placed(row)) return "domain " + std::string(name) + " runs nowhere";
  if (row.phase == Phase::queued && is_placed(row)) return "domain " + std::string(name) + " waits and has room";
  if (row.birth_scale == 0) return "domain " + std::string(name) + " has no scale event";
  if (row.phase == Phase::draining && row.leave_scale == 0)
    return "domain " + std::string(name) + " drains and no scale-in asked for it";
  if (row.phase == Phase::stopping && row.leave_scale == 0 && row.failure.empty())
    return "domain " + std::string(name) + " is stopped without a reason";
  if (row.ran && (row.phase == Phase::queued || row.phase == Phase::starting))
    return "domain " + std::string(name) + " ran before it was started";
  return {};
}

std::string check_domains(const State& state, Expected& expected) {
  std::string fault;
  state.domains.each("", [&](std::string_view name, const schema::PlacedDomainT& row) {
    fault = lists_of(state, name, row);
    if (fault.empty()) fault = phase_of(name, row);
    expected.queued += row.phase == schema::PlacementPhase::queued ? 1 : 0;
    if (!is_placed(row)) return fault.empty();
    auto& used = expected.used[{State::node_key(row.cell, row.node).str(), row.numa}];
    used.vcpu_milli += row.resources.vcpu_milli();
    used.ram_mib += row.resources.ram_mib();
    return fault.empty();
  });
  return fault;
}

std::string check_room(const std::string& place, const schema::NumaRoom& room, Used used) {
  if (room.used_vcpu_milli() != used.vcpu_milli || room.used_ram_mib() != used.ram_mib)
    return place + " does not use what its domains use";
  const bool over = room.used_vcpu_milli() > room.vcpu_milli() || room.used_ram_mib() > room.ram_mib();
  if (over && !room.shrunk()) return place + " is over its capacity";
  if (room.shrunk() && !over) return place + " is said to be over its capacity and is not";
  return {};
}

std::string check_nodes(const State& state, UseByNuma used) {
  std::string fault;
  state.nodes.each("", [&](std::string_view key, const schema::CellNodeT& node) {
    for (std::uint32_t numa = 0; numa < node.numa.size() && fault.empty(); ++numa) {
      const std::pair place{std::string(key), numa};
      fault = check_room("NUMA node " + place.first + ":" + std::to_string(numa), node.numa[numa], used[place]);
      used.erase(place);
    }
    return fault.empty();
  });
  for (const auto& [place, amount] : used) {
    if (fault.empty() && (amount.vcpu_milli != 0 || amount.ram_mib != 0))
      fault = "domains are on " + place.first + ":" + std::to_string(place.second) + ", which does not exist";
  }
  return fault;
}

std::string check_index(const State& state) {
  std::size_t indexed = 0;
  for (const auto& [cell, slots] : state.index()) {
    if (!slots.in_order()) return "the NUMA nodes of cell " + cell + " are not in the order of their loads";
    indexed += slots.size();
  }
  std::string fault;
  state.nodes.each("", [&](std::string_view key, const schema::CellNodeT& node) {
    const auto cut = key.find('/');
    const auto slots = state.index().find(key.substr(0, cut));
    for (std::uint32_t numa = 0; numa < node.numa.size(); ++numa) {
      if (slots == state.index().end() || !is_open(node, numa)) continue;
      if (slots->second.find(node.zone, key.substr(cut + 1), numa) == nullptr)
        fault = "NUMA node " + std::string(key) + ":" + std::to_string(numa) + " is not in the index by its load";
      --indexed;
    }
    return fault.empty();
  });
  if (fault.empty() && indexed != 0) fault = "the index of loads holds NUMA nodes that no cell has";
  return fault;
}

}  // namespace

std::string violated_invariant(const State& state) {
  Expected expected;
  auto fault = check_domains(state, expected);
  if (fault.empty()) fault = check_nodes(state, std::move(expected.used));
  if (fault.empty() && expected.queued != state.queue.size()) fault = "the queue holds domains that do not wait";
  if (fault.empty() && state.by_service.size() != state.domains.size())
    fault = "a service lists domains that do not exist";
  if (fault.empty()) fault = check_index(state);
  return fault;
}

}  // namespace virtscale::orchestration
