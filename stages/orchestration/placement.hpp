// Placement: which NUMA node of a cell a domain goes to. Pure; the choice depends on nothing but the arguments.
//
// The one thing to know: NUMA nodes are kept in the order of their load, so that a choice looks at a few of them and
// not at all 100,000 of a large cell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"
#include "schemas/state/orchestration_generated.h"

namespace virtscale::orchestration {

/// The most that a NUMA node may have in one dimension: a million vCPUs, 950 TiB of RAM. Products of two amounts stay
/// within 63 bits.
inline constexpr std::int64_t numa_amount_max = 1'000'000'000;
/// Candidates that a placement names for `explain`, the chosen one included.
inline constexpr std::size_t candidates_max = 5;

/// A NUMA node as placement sees it. REQUIRES: its totals lie in [1, numa_amount_max], what is used in
/// [0, numa_amount_max].
struct Slot {
  std::string zone;
  std::string node;
  std::uint32_t numa = 0;
  schema::NumaRoom room;
};

/// -1, 0, 1 as the load of `a` is below, equal to or above that of `b`. The load of a NUMA node is the larger of
/// used/total over vCPU and RAM; fractions are compared exactly.
int compare_load(const schema::NumaRoom& a, const schema::NumaRoom& b);

/// The order of choice: load, then zone, node and NUMA index.
struct LessLoaded {
  bool operator()(const Slot& a, const Slot& b) const;
};

/// What a domain needs, and where its start has failed before.
struct Need {
  std::int64_t vcpu_milli = 0;
  std::int64_t ram_mib = 0;
  const std::vector<std::string>* failed_nodes = nullptr;
};

/// True if `slot` can take the domain now.
bool can_take(const Slot& slot, const Need& need);

/// Why `slot` was not chosen: `failed before`, `no room: ram`; empty if it could have been. Lives for ever.
std::string_view why_not(const Slot& slot, const Need& need);

/// A slot that a choice looked at, and why it was passed over; the chosen one has no reason.
struct Candidate {
  const Slot* slot = nullptr;
  std::string_view passed_over{};
};

/// A choice. Slots are borrowed from the Slots until they change; `chosen` is null if no NUMA node can take the domain.
struct Placement {
  const Slot* chosen = nullptr;
  std::vector<Candidate> candidates;  ///< in the order of choice
};

/// The NUMA nodes of one cell that may take domains, by load.
class Slots {
 public:
  /// REQUIRES: no slot of this node and NUMA index is in.
  void put(Slot slot);
  /// Takes out the slot that equals `slot`, its use included.
  void take(const Slot& slot) { slots_.erase(slot); }
  /// Changes what is used of the slot that equals `slot`. REQUIRES: it is in, and its totals stay.
  void change_use(const Slot& slot, const schema::NumaRoom& room);
  /// The least-loaded slot that can take the domain. Looks at those that are less loaded than the chosen, and, if there
  /// is none, no further than where the load alone tells that nothing can fit.
  Placement choose(const Need& need) const;
  /// True if a node is left on which the domain has not failed.
  bool has_untried(const std::vector<std::string>& failed_nodes) const;
  std::size_t size() const { return slots_.size(); }
  const std::set<Slot, LessLoaded>& all() const { return slots_; }

 private:
  using Position = std::set<Slot, LessLoaded>::const_iterator;
  bool none_fits_from(const Slot& slot, const Need& need) const;
  Position find(const Need& need, Placement& placement) const;

  std::set<Slot, LessLoaded> slots_;
  // The largest totals that were ever in: a bound that only decides when to stop looking.
  std::int64_t vcpu_milli_max_ = 0;
  std::int64_t ram_mib_max_ = 0;
};

}  // namespace virtscale::orchestration
