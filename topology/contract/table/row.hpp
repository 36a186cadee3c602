// A row of a table as its indexes see it: a key, and where the row stands in them.
//
// The one thing to know: a row is one block of memory: this head, then the key's bytes, then the value (table.hpp).
// What a look-up touches lies side by side, and a row costs one allocation.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

namespace virtscale {

struct Row;

/// The order of rows: that of their keys' bytes.
struct RowsByKey {
  using is_transparent = void;
  bool operator()(const Row* a, const Row* b) const;
  bool operator()(const Row* row, std::string_view key) const;
};
using OrderedRows = std::set<Row*, RowsByKey>;

struct Row {
  static constexpr std::uint32_t nowhere = 0xffff'ffff;

  OrderedRows::iterator ordered_at{};  ///< in KeyOrder, once it is ordered
  std::uint32_t waiting_at = nowhere;  ///< in KeyOrder, while it is not
  std::uint32_t noted_at = nowhere;    ///< among the table's changed rows
  std::uint32_t key_bytes = 0;
  bool stored = false;  ///< the store has some version of it

  /// REQUIRES: `key.size()` bytes of memory behind the row. Copies the key there.
  explicit Row(std::string_view key) : key_bytes(static_cast<std::uint32_t>(key.size())) {
    key.copy(reinterpret_cast<char*>(this + 1), key.size());
  }
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;

  std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_bytes}; }
};

inline bool RowsByKey::operator()(const Row* a, const Row* b) const {
  return a->key() < b->key();
}
inline bool RowsByKey::operator()(const Row* row, std::string_view key) const {
  return row->key() < key;
}

}  // namespace virtscale
