// The order in which slots are looked at: by load, then by their numbers.
//
// The one thing to know: 16 bytes for each slot, side by side in blocks, and nothing of the slot itself. So a change of
// one touches a few cache lines in a cell of 100,000 nodes, as it does in one of 100.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace virtscale::orchestration {

/// Where a slot stands.
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

}  // namespace virtscale::orchestration
