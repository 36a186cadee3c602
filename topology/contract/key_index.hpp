// An index of a map's rows by hash, beside the map's own order.
//
// The one thing to know: it finds, and never tells an order. What is iterated, emitted or compared comes from the map,
// so no hash can change what a fold does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace virtscale {

__extension__ using WideProduct = unsigned __int128;

/// Open addressing with linear probing, at most 3/4 full; erasing moves later entries back, so there are no tombstones
/// (Knuth, The Art of Computer Programming 3, 6.4, algorithm R). `Iterator` is that of a map whose keys are text, and
/// which outlives its entry here.
template <class Iterator>
class KeyIndex {
 public:
  /// The row with this key, or null. Valid until the next change of the index.
  const Iterator* find(std::string_view key) const {
    if (slots_.empty()) return nullptr;
    const auto hash = hash_of(key);
    for (auto at = hash & mask();; at = (at + 1) & mask()) {
      const auto& slot = slots_[at];
      if (slot.hash == free_slot) return nullptr;
      if (slot.hash == hash && slot.row->first == key) return &slot.row;
    }
  }

  /// REQUIRES: no row with this key is in the index.
  void insert(Iterator row) {
    if ((count_ + 1) * 4 > slots_.size() * 3) grow();
    put({hash_of(row->first), row});
    ++count_;
  }

  /// REQUIRES: the row is in the index.
  void erase(Iterator row) {
    auto hole = hash_of(row->first) & mask();
    while (slots_[hole].row != row) hole = (hole + 1) & mask();
    for (auto at = (hole + 1) & mask(); slots_[at].hash != free_slot; at = (at + 1) & mask()) {
      // An entry may move back to the hole unless its own place lies behind the hole.
      const auto home = slots_[at].hash & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = Slot{};
    --count_;
  }

 private:
  static constexpr std::uint64_t free_slot = 0;
  static constexpr std::size_t slots_min = 16;

  struct Slot {
    std::uint64_t hash = free_slot;
    Iterator row{};
  };

  std::size_t mask() const { return slots_.size() - 1; }

  void put(Slot slot) {
    auto at = slot.hash & mask();
    while (slots_[at].hash != free_slot) at = (at + 1) & mask();
    slots_[at] = slot;
  }

  void grow() {
    const auto old = std::exchange(slots_, std::vector<Slot>(slots_.empty() ? slots_min : slots_.size() * 2));
    for (const auto& slot : old) {
      if (slot.hash != free_slot) put(slot);
    }
  }

  // Multiply and fold, eight bytes at a time. Keys come from outside: the address of this index, which nobody outside
  // knows, keeps them from being chosen to collide.
  std::uint64_t hash_of(std::string_view key) const {
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;  // 2^64 divided by the golden ratio
    auto hash = reinterpret_cast<std::uintptr_t>(this) ^ (key.size() * odd);
    for (; key.size() > 8; key.remove_prefix(8)) hash = folded(hash ^ eight(key.data()), odd);
    std::uint64_t rest = 0;
    std::memcpy(&rest, key.data(), key.size());
    hash = folded(hash ^ rest, odd);
    return hash == free_slot ? 1 : hash;
  }
  static std::uint64_t eight(const char* bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
  }
  static std::uint64_t folded(std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<WideProduct>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace virtscale
