#include <map>

#include "stages/orchestration/step.hpp"

namespace virtscale::orchestration {
namespace {

using Specs = std::map<std::string_view, const schema::NodeSpec*>;

bool is_amount(std::int64_t amount) {
  return amount >= 1 && amount <= numa_amount_max;
}

std::string fault_of(const schema::NodeSpec& node) {
  if (node.name()->size() == 0) return "a node has no name";
  if (node.numa() == nullptr) return {};
  for (const auto* numa : *node.numa()) {
    if (!is_amount(numa->vcpu_milli()) || !is_amount(numa->ram_mib()))
      return "node " + node.name()->str() + ": vcpu and ram of a NUMA node must lie between 1 and " +
             std::to_string(numa_amount_max) + " (thousandths of a vCPU, MiB)";
  }
  return {};
}

// Empty, or what is wrong with the document; then nothing of it is applied.
std::string collect(const schema::CellApplied& event, Specs& specs) {
  const auto name = text(event.name());
  if (name.empty() || name.find('/') != std::string_view::npos) return "a cell's name must not be empty or contain '/'";
  if (event.placement() > schema::PlacementOrder::MAX) return "the cell's order of placement is not known";
  if (event.nodes() == nullptr) return {};
  for (const auto* node : *event.nodes()) {
    if (auto fault = fault_of(*node); !fault.empty()) return fault;
    if (!specs.emplace(text(node->name()), node).second) return "node " + node->name()->str() + " is listed twice";
  }
  return {};
}

schema::NumaRoom with_totals(const schema::NumaRoom& used, std::int64_t vcpu_milli, std::int64_t ram_mib) {
  const bool shrunk = used.used_vcpu_milli() > vcpu_milli || used.used_ram_mib() > ram_mib;
  return {vcpu_milli, ram_mib, used.used_vcpu_milli(), used.used_ram_mib(), shrunk};
}

bool is_void(const schema::NumaRoom& room) {
  return room.vcpu_milli() == 0 && room.used_vcpu_milli() == 0 && room.used_ram_mib() == 0;
}

bool equal(const schema::NumaRoom& a, const schema::NumaRoom& b) {
  return a.vcpu_milli() == b.vcpu_milli() && a.ram_mib() == b.ram_mib();
}

bool equal(const schema::CellNodeT& a, const schema::CellNodeT& b) {
  if (a.zone != b.zone || a.listed != b.listed || a.numa.size() != b.numa.size()) return false;
  for (std::size_t i = 0; i < a.numa.size(); ++i) {
    if (!equal(a.numa[i], b.numa[i])) return false;
  }
  return true;
}

// What the node will be: the document's totals, and what its domains use now.
schema::CellNodeT merge(const schema::CellNodeT* before, const schema::NodeSpec& spec) {
  schema::CellNodeT after;
  after.zone = text(spec.zone());
  after.listed = true;
  if (before != nullptr) after.numa = before->numa;
  const std::size_t listed = spec.numa() == nullptr ? 0 : spec.numa()->size();
  if (after.numa.size() < listed) after.numa.resize(listed);
  for (std::size_t i = 0; i < after.numa.size(); ++i) {
    const auto* numa = i < listed ? spec.numa()->Get(static_cast<flatbuffers::uoffset_t>(i)) : nullptr;
    after.numa[i] = with_totals(after.numa[i], numa ? numa->vcpu_milli() : 0, numa ? numa->ram_mib() : 0);
  }
  while (!after.numa.empty() && is_void(after.numa.back())) after.numa.pop_back();
  return after;
}

bool list_node(State& state, std::string_view cell, const schema::NodeSpec& spec) {
  const auto* before = state.nodes.find(State::node_key(cell, text(spec.name())));
  auto after = merge(before, spec);
  if (before != nullptr && equal(*before, after)) return false;
  state.change_node(cell, text(spec.name()), [&](schema::CellNodeT& node) { node = std::move(after); });
  return true;
}

std::size_t unlist_others(State& state, std::string_view cell, const Specs& specs) {
  std::vector<std::string> gone;
  const auto prefix = std::string(cell) + "/";
  state.nodes.each(prefix, [&](std::string_view key, const schema::CellNodeT& node) {
    const auto name = key.substr(prefix.size());
    if (node.listed && !specs.contains(name)) gone.emplace_back(name);
    return true;
  });
  for (const auto& name : gone) state.change_node(cell, name, [](schema::CellNodeT& node) { node.listed = false; });
  return gone.size();
}

// Returns DocumentFolded's code.
std::string apply(Step& step, std::string_view cell, const Specs& specs, schema::PlacementOrder placement) {
  auto changes = unlist_others(step.state, cell, specs);
  for (const auto& [name, spec] : specs) changes += list_node(step.state, cell, *spec) ? 1 : 0;
  const auto* before = step.state.cells.find(cell);
  const bool known = before != nullptr;
  if (known && changes == 0 && before->placement == placement) return "unchanged";
  auto& book = step.state.cells.modify(cell);
  book.nodes = static_cast<std::uint32_t>(specs.size());
  book.numa_nodes = static_cast<std::uint32_t>(step.state.slots(cell).size());
  book.applied_at_us = step.in.now.us;
  book.placement = placement;
  return known ? "changed" : "created";
}

}  // namespace

void on_cell_applied(Step& step, const schema::CellApplied& event) {
  const auto cell = text(event.name());
  Specs specs;
  schema::DocumentFoldedT folded;
  folded.kind = "Cell";
  folded.name = cell;
  folded.detail = collect(event, specs);
  folded.accepted = folded.detail.empty();
  folded.code = "invalid_nodes";
  if (folded.accepted) {
    folded.code = apply(step, cell, specs, event.placement());
    const auto* book = step.state.cells.find(cell);
    folded.detail = std::to_string(book->nodes) + " nodes, " + std::to_string(book->numa_nodes) + " NUMA nodes";
  }
  step.out.emit({.topic = Topic::outcomes, .key = cell, .org = "", .answers = step.in.id}, folded);
  if (folded.accepted) serve_queue(step, cell);
}

}  // namespace virtscale::orchestration
