// The corpus: histories that were recorded once, folded by the code of today.
//
// The one thing to know: where it folds otherwise, the code cannot read logs that are out there. What to do about that
// is said in `advice`: undo it, or make it a new epoch.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "replay/verify/divergence.hpp"
#include "replay/verify/verify.hpp"

namespace virtscale::replay {

/// A history that this program folds otherwise than it was recorded.
struct CorpusFault {
  std::filesystem::path file;
  std::string advice;  ///< which stage, and what to do
  Divergence divergence;
};

struct CorpusReport {
  std::size_t histories = 0;
  std::uint64_t records = 0;
  std::uint64_t events = 0;
  std::uint64_t signatures = 0;  ///< of checkpoints, where the recording has the keys
  std::vector<CorpusFault> faults;
};

using MakeRefolds = std::function<std::vector<std::unique_ptr<Refold>>(const LogLayout&)>;

/// Verifies every capsule (`*.capsule`) of the folder, in the order of their names, with what `refolds` makes: the
/// program's own folds, unless a test plants others. Throws UsageError if there is none, LogError, CapsuleError and
/// SnapshotError.
CorpusReport verify_corpus(const std::filesystem::path& folder, const MakeRefolds& refolds);

}  // namespace virtscale::replay
