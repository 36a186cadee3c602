// Placement: which NUMA node of a cell a domain goes to. Pure; the choice depends on nothing but the arguments.
//
// The one thing to know: NUMA nodes are kept in the order of their load, so that a choice looks at a few of them and
// not at all 100,000 of a large cell. That order is of numbers alone, side by side, and what it orders stays in the
// table of nodes: a choice and its change touch a few cache lines in a cell of any size.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"
#include "schemas/state/orchestration_generated.h"
#include "topology/contract/table.hpp"

namespace virtscale::orchestration {

/// The most that a NUMA node may have in one dimension: a million vCPUs, 950 TiB of RAM. Products of two amounts stay
/// within 63 bits.
inline constexpr std::int64_t numa_amount_max = 1'000'000'000;
/// Candidates that a placement names for `explain`, the chosen one included.
inline constexpr std::size_t candidates_max = 5;

/// A NUMA node that may take domains. Borrowed from the table of nodes, and so is all that it tells. REQUIRES: its
/// totals lie in [1, numa_amount_max], what is used in [0, numa_amount_max].
struct Slot {
  Table<schema::CellNodeT>::Place row;
  std::string_view node;
  std::uint32_t numa = 0;
  const schema::NumaRoom* room = nullptr;  ///< in the row
  std::uint64_t load = 0;                  ///< as of when it was last put in order

  const std::string& zone() const { return row.value().zone; }
};

/// The load of a NUMA node is the larger of used/total over vCPU and RAM. Here as a number that is below, equal to or
/// above another's just as the fraction is: none is lost by rounding.
std::uint64_t load_of(const schema::NumaRoom& room);

/// What a domain needs, and where its start has failed before.
struct Need {
  std::int64_t vcpu_milli = 0;
  std::int64_t ram_mib = 0;
  const std::vector<std::string>* failed_nodes = nullptr;
};

/// True if `slot` can take the domain now.
bool can_take(const Slot& slot, const Need& need);

/// Why `slot` was not chosen; `no` if it could have been.
schema::PassedOver why_not(const Slot& slot, const Need& need);

/// A slot that a choice looked at, and why it was passed over; the chosen one was not.
struct Candidate {
  const Slot* slot = nullptr;
  schema::PassedOver passed_over{};
};

/// At most `candidates_max`, held in place.
class Candidates {
 public:
  /// REQUIRES: `size() < candidates_max`.
  void push_back(const Candidate& candidate) { all_[size_++] = candidate; }
  void clear() { size_ = 0; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Candidate& operator[](std::size_t i) const { return all_[i]; }
  const Candidate* begin() const { return all_.data(); }
  const Candidate* end() const { return all_.data() + size_; }

 private:
  std::array<Candidate, candidates_max> all_;
  std::size_t size_ = 0;
};

/// A choice. Slots are borrowed from the Slots; `chosen` is null if no NUMA node can take the domain.
struct Placement {
  const Slot* chosen = nullptr;
  Candidates candidates;  ///< in the order of choice
};

/// Where a slot stands: by load, then by its number.
struct Standing {
  std::uint64_t load = 0;
  std::uint32_t slot = 0;
  auto operator<=>(const Standing&) const = default;
};

/// A B-tree of two levels: sorted blocks, and a sorted list of where each begins. A change searches both, in O(log n),
/// and moves the half of two blocks; once in some 60 changes it moves the list, of n/60 for n slots.
class LoadOrder {
 public:
  /// REQUIRES: ascending.
  explicit LoadOrder(std::span<const Standing> sorted);
  /// REQUIRES: `from` is in, and `to` is not.
  void move(const Standing& from, const Standing& to);

  /// Visits the slots in order, until `visit(slot)` returns false.
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& head : heads_) {
      for (const auto& standing : blocks_[head.block].all()) {
        if (!visit(standing.slot)) return;
      }
    }
  }

  /// Visits the slots of at most `load`, the most loaded first, those of one load by number, until `visit(slot)`
  /// returns false. Costs O(log n) for each load that is visited.
  template <class Visit>
  void each_down(std::uint64_t load, Visit visit) const {
    for (const auto* next = last_of_at_most(load); next != nullptr;) {
      const auto here = next->load;
      if (!each_of(here, visit)) return;
      next = here == 0 ? nullptr : last_of_at_most(here - 1);
    }
  }

 private:
  // Two kilobytes: moving half of one takes about as long as the search for it.
  static constexpr std::size_t block_max = 128;

  struct Block {
    std::array<Standing, block_max> standings;
    std::size_t size = 0;
    std::span<const Standing> all() const { return {standings.data(), size}; }
    void append(std::span<const Standing> more);
  };
  // Every standing of a block is at least `from`, and below the next head's. The first block begins before all.
  struct Head {
    Standing from;
    std::uint32_t block = 0;
  };

  // False if a visit was.
  template <class Visit>
  bool each_of(std::uint64_t load, Visit& visit) const {
    const Standing first{load, 0};
    for (auto head = head_of(first); head < heads_.size(); ++head) {
      const auto all = blocks_[heads_[head].block].all();
      for (auto at = std::lower_bound(all.begin(), all.end(), first); at != all.end(); ++at) {
        if (at->load != load) return true;
        if (!visit(at->slot)) return false;
      }
    }
    return true;
  }

  // Null if all are more loaded.
  const Standing* last_of_at_most(std::uint64_t load) const;
  std::size_t head_of(const Standing& standing) const;
  Block& block_at(std::size_t head) { return blocks_[heads_[head].block]; }
  void insert(const Standing& standing);
  void erase(const Standing& standing);
  void split(std::size_t head);
  void join_if_small(std::size_t head);

  std::vector<Head> heads_;
  std::vector<Block> blocks_;
  std::vector<std::uint32_t> spare_;  // blocks that no head has
};

/// The NUMA nodes of one cell that may take domains, by load; those of one load by zone, node and NUMA index.
class Slots {
 public:
  /// REQUIRES: ascending by node and NUMA index.
  explicit Slots(std::vector<Slot> slots);
  /// Puts a slot of these where it stands by its row. To be called after each change of what is used of it. Costs what
  /// LoadOrder says.
  void reorder(const Slot& slot);
  /// Of the slots that can take the domain, the least loaded, or the most loaded by `bin_pack`. Looks at those that
  /// come before the chosen in that order, as far as the load alone does not tell that none of them fits; what it does
  /// not look at is no candidate.
  Placement choose(const Need& need, schema::PlacementOrder order) const;
  /// The slot; null if it is not one of these. Costs O(log n).
  const Slot* find(std::string_view zone, std::string_view node, std::uint32_t numa) const;
  /// True if a node is left on which the domain has not failed.
  bool has_untried(const std::vector<std::string>& failed_nodes) const;
  std::size_t size() const { return slots_.size(); }
  /// True if each slot is told once, where its row says that it stands; for invariants.
  bool in_order() const;

 private:
  void look_upwards(const Need& need, Placement& placement) const;
  void look_downwards(const Need& need, Placement& placement) const;
  bool none_fits_from(const Slot& slot, const Need& need) const;
  std::uint64_t most_load_with_room(const Need& need) const;

  std::vector<Slot> slots_;  // by zone, node and NUMA index
  LoadOrder order_;
  // The largest totals: a bound that only decides when to stop looking.
  std::int64_t vcpu_milli_max_ = 0;
  std::int64_t ram_mib_max_ = 0;
};

}  // namespace virtscale::orchestration
