// What if: a recorded range under other documents, or decided by another program, and which decisions that changes.
//
// The one thing to know: the load stays as it was recorded. Alerts that would have ended sooner under another contract
// still end when they did; so it tells what a contract would have decided, not what clients would have done.
#pragma once

#include <string>
#include <vector>

#include "replay/what_if/comparison.hpp"

namespace virtscale::replay {

struct WhatIf {
  std::vector<OrgComparison> orgs;  ///< with changes only
  std::vector<Modelled> modelled;   ///< of these orgs
  std::size_t decisions = 0;        ///< in the recorded range, changed or not
  std::size_t records = 0;
  std::size_t moved = 0;
  Instant first;
  Instant last;
  std::uint32_t policy_epoch = 0;  ///< by whose rules another program decided; 0: none did
};

struct WhatIfOptions {
  Range range{};
  std::string policy_program{};  ///< decides in place of our policy; empty: ours
  std::uint64_t seed = 1;        ///< of what is modelled
  std::function<void(std::uint64_t seen, std::uint64_t expected)> watch{};
};

/// Reads and folds the log, and folds its range again. Throws UsageError, LogError, SnapshotError, and
/// std::runtime_error if a record cannot be folded.
WhatIf what_if(LogSource& source, std::vector<Document> documents, const WhatIfOptions& options);

/// Lets `program` fold policy from where the range begins, by the rules of the epoch that is returned; 0 and nothing,
/// if it is empty. Throws UsageError.
std::uint32_t let_decide(const std::string& program, Past& past, const LogLayout& layout);
/// What differs between two histories that have ended.
WhatIf difference(const Past& recorded, Changed& changed);

}  // namespace virtscale::replay
