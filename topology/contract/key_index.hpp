// Finds rows by key, by a hash of it.
//
// The one thing to know: it finds, and never tells an order. What is iterated, emitted or compared comes from KeyOrder,
// so no hash can change what a fold does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "topology/contract/row.hpp"

namespace virtscale {

/// Open addressing with linear probing, at most 3/4 full; erasing moves later entries back, so there are no tombstones
/// (Knuth, The Art of Computer Programming 3, 6.4, algorithm R). A look-up touches one slot and one row, as a rule.
/// Rows are borrowed. Neither copied nor moved, since keys are hashed under its own address.
class KeyIndex {
 public:
  KeyIndex() = default;
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
    for (const auto& slot : slots_) {
      if (slot.row != nullptr) visit(*slot.row);
    }
  }

 private:
  static constexpr std::size_t slots_min = 16;

  struct Slot {
    std::uint64_t hash = 0;
    Row* row = nullptr;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  std::uint64_t hash_of(std::string_view key) const;
  void put(Slot slot);
  void grow();

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace virtscale
