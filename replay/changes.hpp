// What a record changed in the state of a partition: rows as they were before, and as they are after.
//
// The one thing to know: a second refold follows one record behind and still has what was before, so this costs the
// state twice and the fold twice; begin to follow shortly before the records of interest.
#pragma once

#include <optional>
#include <string>
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

/// Follows one refold. Used by an Onlooker: `after` each record that the refold folds from the making on.
class ChangeFollower {
 public:
  /// `followed` outlives this, and is drained of its changes by it.
  ChangeFollower(Refold& followed, const LogLayout& layout);

  /// What `record` changed, in the stage's tables and in the host's; rows that ended as they were are left out.
  /// REQUIRES: called once for each record, right after `followed` folded it.
  std::vector<RowChange> after(const LogRecord& record);

 private:
  Refold& followed_;
  std::unique_ptr<Refold> behind_;
};

}  // namespace virtscale::replay
