// Finds rows by key, by a hash of it.
//
// The one thing to know: it finds, and never tells an order. What is iterated, emitted or compared comes from KeyOrder,
// so no hash can change what a fold does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "topology/contract/table/row.hpp"

namespace virtscale {

/// Open addressing with linear probing, at most 3/4 full; erasing moves later entries back, so there are no tombstones
/// (Knuth, The Art of Computer Programming 3, 6.4, algorithm R). A slot is eight bytes: a row's address, and in the
/// sixteen bits that no address uses, how far the slot is from the row's home and six bits of its hash. So a look-up
/// touches one slot and one row, as a rule. Rows are borrowed. Neither copied nor moved, since keys are hashed under
/// its own address.
class KeyIndex {
 public:
  /// Rows have about so many bytes: a look-up that finds one asks for its memory.
  explicit KeyIndex(std::size_t row_bytes);
  KeyIndex(const KeyIndex&) = delete;
  KeyIndex& operator=(const KeyIndex&) = delete;

  /// The row with this key, or null.
  Row* find(std::string_view key) const;
  /// REQUIRES: no row with this key is in the index.
  void insert(Row& row);
  /// REQUIRES: the row is in the index.
  void erase(const Row& row);
  std::size_t size() const { return count_; }

  /// Visits every row, in no order: for what becomes the same in any, such as the end of all of them.
  template <class Visit>
  void each_in_no_order(Visit visit) const {
    for (const auto slot : slots_) {
      if (slot != nothing) visit(*row_in(slot));
    }
  }

 private:
  static constexpr std::size_t slots_min = 16;

  // From the highest bit: six of the hash, ten of the distance, 48 of the address (x86-64, AArch64: user space has no
  // more, unless a process asks for it).
  using Slot = std::uint64_t;
  static constexpr Slot nothing = 0;
  static constexpr unsigned address_bits = 48;
  static constexpr Slot one_further = Slot{1} << address_bits;
  static constexpr Slot distance_max = 1'023;
  static constexpr Slot tag_bits = Slot{63} << 58;

  static Row* row_in(Slot slot) { return reinterpret_cast<Row*>(slot & (one_further - 1)); }
  static std::size_t distance_in(Slot slot) { return slot >> address_bits & distance_max; }

  std::size_t mask() const { return slots_.size() - 1; }
  std::uint64_t hash_of(std::string_view key) const;
  // False if the row would stand too far from its home.
  bool put(Row& row);
  void grow();

  std::size_t row_lines_;  // of the cache
  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace virtscale
