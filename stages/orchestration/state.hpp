// What orchestration remembers: cells, nodes, domains, who waits, and which domains a service has.
//
// The one thing to know: beside the tables there is an index of each cell's NUMA nodes by load. It follows from the
// tables alone and borrows their rows, is made at first use, and whoever puts rows into a State that was already used
// calls `rebuild()`.
#pragma once

#include <map>
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
  // Out of line, so that what its tables need is compiled once.
  State();
  ~State();

  Table<schema::CellBookT> cells{"cells"};
  Table<schema::CellNodeT> nodes{"nodes"};
  Table<schema::PlacedDomainT> domains{"domains"};
  Table<schema::WaitingDomainT> queue{"queue"};
  Table<schema::ServiceDomainT> by_service{"by_service"};
  Table<schema::BirthCounterT> counters{"counters"};

  std::vector<AnyTable*> tables() { return {&cells, &nodes, &domains, &queue, &by_service, &counters}; }

  /// Forgets the index; the next use makes it again from the tables.
  void rebuild() { index_.clear(); }
  /// The NUMA nodes of a cell that may take domains. Valid until a cell is applied or `rebuild` is called.
  const Slots& slots(std::string_view cell) { return slots_of(cell); }
  /// Which NUMA node of the cell takes a domain of this need, by the order of the cell's document. Valid as long as
  /// `slots`.
  Placement choose(std::string_view cell, const Need& need);
  /// The cells whose NUMA nodes are indexed; for invariants.
  const std::map<std::string, Slots, std::less<>>& index() const { return index_; }
  /// A NUMA node that may take domains; null if it may not. Valid as long as `slots`.
  const Slot* slot(std::string_view cell, std::string_view node, std::uint32_t numa);

  /// Changes what the node is. A row that is neither listed nor used is erased. The cell's index is made
  /// anew at the next use, which costs O(n log n).
  template <class Change>
  void change_node(std::string_view cell, std::string_view node, Change change) {
    forget_index(cell);
    const auto key = node_key(cell, node);
    change(nodes.modify(key));
    erase_if_unused(key);
  }
  /// The resources of a domain become used. REQUIRES: `slot` is one of `slots(cell)`.
  void occupy(std::string_view cell, const Slot& slot, const schema::Resources& resources);
  /// What a placed domain uses becomes free. REQUIRES: its node exists.
  void vacate(const schema::PlacedDomainT& domain);

  static JoinedKey node_key(std::string_view cell, std::string_view node);

 private:
  Slots& slots_of(std::string_view cell);
  void forget_index(std::string_view cell);
  void erase_if_unused(std::string_view node_key);

  std::map<std::string, Slots, std::less<>> index_;
};

/// The key of a waiting domain: older births come first.
JoinedKey queue_key(const schema::PlacedDomainT& domain);
/// The key of a service's domain: newer births come first.
JoinedKey service_key(const schema::PlacedDomainT& domain);
/// `org/service`.
JoinedKey service_of(const schema::PlacedDomainT& domain);
/// True if the NUMA node may take domains.
inline bool is_open(const schema::CellNodeT& node, std::uint32_t numa) {
  return node.listed && numa < node.numa.size() && node.numa[numa].vcpu_milli() != 0;
}
/// True if the domain occupies a NUMA node. One that waits does not, nor one that is stopped while it waits.
inline bool is_placed(const schema::PlacedDomainT& domain) {
  return !domain.node.empty();
}
/// True if its start was ever asked: then it may run, whatever was answered.
inline bool was_tried(const schema::PlacedDomainT& domain) {
  return domain.placements > 0;
}

}  // namespace virtscale::orchestration
