// What a record changed in the state of a partition: rows as they were before, and as they are after.
//
// The one thing to know: all rows are kept as they were when following began, encoded, so this costs the state a second
// time; begin to follow shortly before the records of interest.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "replay/refold.hpp"

namespace virtscale::replay {

/// One row. `before` and `after` are encoded rows of the table; the one that is missing was not there.
struct RowChange {
  const AnyTable* table = nullptr;  ///< to print the row with; lives as long as the refold
  std::string key;
  std::optional<std::vector<std::byte>> before;
  std::optional<std::vector<std::byte>> after;
};

/// Follows one refold.
class ChangeFollower {
 public:
  /// `followed` outlives this, and is drained of its changes by it.
  explicit ChangeFollower(Refold& followed);

  /// What was changed since the last call, or since the making, in the stage's tables and in the host's, by tables and
  /// then keys; rows that are as they were are left out.
  std::vector<RowChange> changes();

 private:
  using Row = std::vector<std::byte>;

  Refold& followed_;
  std::vector<std::unordered_map<std::string, Row>> rows_;  // of each table
};

}  // namespace virtscale::replay
