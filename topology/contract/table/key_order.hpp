// The order of a table's rows, made only as far as somebody asks for it.
//
// The one thing to know: a new row waits, and is put into its place when the next question comes. Most tables of a fold
// are never asked, and a row that comes and goes between two questions costs no comparison of keys.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "topology/contract/table/row.hpp"

namespace virtscale {

/// Rows are borrowed. A question costs O(log n), and so does each row that has come since the last one. Questions order
/// what waits: not thread-safe, not even among themselves.
class KeyOrder {
 public:
  /// O(1). REQUIRES: no row with this key is in.
  void add(Row& row);
  /// O(1), amortised. REQUIRES: the row is in.
  void remove(Row& row);

  /// The first row whose key is at least `key`; null if there is none.
  Row* at_or_after(std::string_view key) const;
  /// The next one. REQUIRES: `row` was found by a question, and no row has come or gone since.
  Row* after(const Row& row) const;

 private:
  void order_those_who_wait() const;

  mutable OrderedRows ordered_;
  mutable std::vector<Row*> waiting_;
};

}  // namespace virtscale
