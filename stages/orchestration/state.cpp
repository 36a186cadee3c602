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

JoinedKey State::node_key(std::string_view cell, std::string_view node) {
  return JoinedKey(cell, node);
}

Slots& State::slots_of(std::string_view cell) {
  if (!index_) {
    index_.emplace();
    nodes.each("", [&](std::string_view key, const schema::CellNodeT& node) {
      const auto cut = key.find('/');
      for (std::uint32_t numa = 0; numa < node.numa.size(); ++numa) {
        if (auto slot = slot_of(key.substr(cut + 1), node, numa))
          (*index_)[std::string(key.substr(0, cut))].put(*std::move(slot));
      }
      return true;
    });
  }
  const auto found = index_->find(cell);
  return found != index_->end() ? found->second : (*index_)[std::string(cell)];
}

void State::take_node(std::string_view cell, std::string_view node) {
  auto& slots = slots_of(cell);
  const auto* row = nodes.find(node_key(cell, node));
  if (row == nullptr) return;
  for (std::uint32_t numa = 0; numa < row->numa.size(); ++numa) {
    if (const auto slot = slot_of(node, *row, numa)) slots.take(*slot);
  }
}

void State::put_node(std::string_view cell, std::string_view node) {
  const auto key = node_key(cell, node);
  const auto* row = nodes.find(key);
  if (!row->listed && is_unused(*row)) return nodes.erase(key);
  auto& slots = slots_of(cell);
  for (std::uint32_t numa = 0; numa < row->numa.size(); ++numa) {
    if (auto slot = slot_of(node, *row, numa)) slots.put(*std::move(slot));
  }
}

void State::change_use(const schema::PlacedDomainT& domain, std::int64_t sign) {
  auto& slots = slots_of(domain.cell);
  const auto key = node_key(domain.cell, domain.node);
  auto& node = nodes.modify(key);
  // A domain that needs nothing does not keep the row of its node.
  if (domain.numa < node.numa.size()) {
    auto& room = node.numa[domain.numa];
    const auto used = used_more(room, sign * domain.resources.vcpu_milli(), sign * domain.resources.ram_mib());
    if (const auto slot = slot_of(domain.node, node, domain.numa)) slots.change_use(*slot, used);
    room = used;
  }
  if (!node.listed && is_unused(node)) nodes.erase(key);
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

std::optional<Slot> slot_of(std::string_view node_name, const schema::CellNodeT& node, std::uint32_t numa) {
  if (!node.listed || node.numa[numa].vcpu_milli() == 0) return std::nullopt;
  return Slot{node.zone, std::string(node_name), numa, node.numa[numa]};
}

}  // namespace virtscale::orchestration
