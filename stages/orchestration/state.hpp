// What orchestration remembers: cells, nodes, domains, who waits, and which domains a service has.
//
// The one thing to know: beside the tables there is an index of NUMA nodes by load. It follows from the tables alone,
// is made at first use, and whoever puts rows into a State that was already used calls `rebuild()`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"
#include "schemas/state/orchestration_generated.h"
#include "stages/orchestration/placement.hpp"
#include "topology/contract/key_text.hpp"
#include "topology/contract/table.hpp"

namespace virtscale::orchestration {

class State {
 public:
  Table<schema::CellBookT> cells{"cells"};
  Table<schema::CellNodeT> nodes{"nodes"};
  Table<schema::PlacedDomainT> domains{"domains"};
  Table<schema::WaitingDomainT> queue{"queue"};
  Table<schema::ServiceDomainT> by_service{"by_service"};
  Table<schema::BirthCounterT> counters{"counters"};

  std::vector<AnyTable*> tables() { return {&cells, &nodes, &domains, &queue, &by_service, &counters}; }

  /// Forgets the index; the next use makes it again from the tables.
  void rebuild() { index_.reset(); }
  /// The NUMA nodes of a cell that may take domains. Valid until a cell is applied or `rebuild` is called.
  const Slots& slots(std::string_view cell) { return slots_of(cell); }
  /// The index, if it was made; for invariants.
  const std::map<std::string, Slots, std::less<>>* index() const { return index_ ? &*index_ : nullptr; }

  /// Changes the node, its place in the index included. A row that is neither listed nor used is erased.
  template <class Change>
  void change_node(std::string_view cell, std::string_view node, Change change) {
    take_node(cell, node);
    change(nodes.modify(node_key(cell, node)));
    put_node(cell, node);
  }
  /// Changes what one NUMA node's domains use. REQUIRES: the node exists. Costs O(log of the cell's size).
  void change_use(const schema::PlacedDomainT& domain, std::int64_t sign);

  static JoinedKey node_key(std::string_view cell, std::string_view node);

 private:
  Slots& slots_of(std::string_view cell);
  void take_node(std::string_view cell, std::string_view node);
  void put_node(std::string_view cell, std::string_view node);

  std::optional<std::map<std::string, Slots, std::less<>>> index_;
};

/// The key of a waiting domain: older births come first.
JoinedKey queue_key(const schema::PlacedDomainT& domain);
/// The key of a service's domain: newer births come first.
JoinedKey service_key(const schema::PlacedDomainT& domain);
/// `org/service`.
JoinedKey service_of(const schema::PlacedDomainT& domain);
/// The slot of a NUMA node; nothing if it may take no domain.
std::optional<Slot> slot_of(std::string_view node_name, const schema::CellNodeT& node, std::uint32_t numa);
/// True if the domain occupies a NUMA node. One that waits does not, nor one that is stopped while it waits.
inline bool is_placed(const schema::PlacedDomainT& domain) {
  return !domain.node.empty();
}
/// True if its start was ever asked: then it may run, whatever was answered.
inline bool was_tried(const schema::PlacedDomainT& domain) {
  return domain.placements > 0;
}

}  // namespace virtscale::orchestration
