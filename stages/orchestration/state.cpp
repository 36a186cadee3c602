#include "stages/orchestration/state.hpp"

#include <algorithm>
#include <limits>

namespace virtscale::orchestration {
namespace {

bool is_unused(const schema::CellNodeT& node) {
  return std::ranges::all_of(
      node.numa, [](const schema::NumaRoom& room) { return room.used_vcpu_milli() == 0 && room.used_ram_mib() == 0; });
}

schema::NumaRoom used_more(const schema::NumaRoom& room, std::int64_t vcpu_milli, std::int64_t ram_mib) {
  const auto vcpu = room.used_vcpu_milli() + vcpu_milli;
  const auto ram = room.used_ram_mib() + ram_mib;
  const bool over = vcpu > room.vcpu_milli() || ram > room.ram_mib();
  return {room.vcpu_milli(), room.ram_mib(), vcpu, ram, room.shrunk() && over};
}

}  // namespace

State::State() = default;
State::~State() = default;

JoinedKey State::node_key(std::string_view cell, std::string_view node) {
  return JoinedKey(cell, node);
}

Slots& State::slots_of(std::string_view cell) {
  const auto found = index_.find(cell);
  if (found != index_.end()) return found->second;
  std::vector<Slot> slots;
  const auto prefix = std::string(cell) + "/";
  nodes.each(prefix, [&](std::string_view key, const schema::CellNodeT& node) {
    for (std::uint32_t numa = 0; numa < node.numa.size(); ++numa) {
      if (is_open(node, numa)) slots.push_back({nodes.place(key), key.substr(prefix.size()), numa, &node.numa[numa]});
    }
    return true;
  });
  return index_.emplace(cell, std::move(slots)).first->second;
}

void State::forget_index(std::string_view cell) {
  const auto found = index_.find(cell);
  if (found != index_.end()) index_.erase(found);
}

void State::erase_if_unused(std::string_view node_key) {
  const auto* node = nodes.find(node_key);
  if (!node->listed && is_unused(*node)) nodes.erase(node_key);
}

Placement State::choose(std::string_view cell, const Need& need) {
  const auto* book = cells.find(cell);
  return slots_of(cell).choose(need, book == nullptr ? schema::PlacementOrder::least_loaded : book->placement);
}

const Slot* State::slot(std::string_view cell, std::string_view node, std::uint32_t numa) {
  const auto* row = nodes.find(node_key(cell, node));
  return row != nullptr && is_open(*row, numa) ? slots_of(cell).find(row->zone, node, numa) : nullptr;
}

void State::occupy(std::string_view cell, const Slot& slot, const schema::Resources& resources) {
  auto& room = nodes.modify(slot.row).numa[slot.numa];
  room = used_more(room, resources.vcpu_milli(), resources.ram_mib());
  slots_of(cell).reorder(slot);
}

void State::vacate(const schema::PlacedDomainT& domain) {
  const auto key = node_key(domain.cell, domain.node);
  auto& node = nodes.modify(key);
  // A domain that needs nothing does not keep the row of its node.
  if (domain.numa < node.numa.size()) {
    auto& room = node.numa[domain.numa];
    room = used_more(room, -domain.resources.vcpu_milli(), -domain.resources.ram_mib());
  }
  if (const auto* changed = slot(domain.cell, domain.node, domain.numa)) slots_of(domain.cell).reorder(*changed);
  erase_if_unused(key);
}

JoinedKey queue_key(const schema::PlacedDomainT& domain) {
  return JoinedKey(domain.cell, decimal_digits(domain.seq));
}

JoinedKey service_key(const schema::PlacedDomainT& domain) {
  return JoinedKey(domain.org, domain.service, decimal_digits(std::numeric_limits<std::uint64_t>::max() - domain.seq));
}

JoinedKey service_of(const schema::PlacedDomainT& domain) {
  return JoinedKey(domain.org, domain.service);
}

}  // namespace virtscale::orchestration
