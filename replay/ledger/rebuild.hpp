// Ledgers from nothing: audit's inbox is folded again, and what it emits is written as files.
//
// The one thing to know: neither the topic `ledger` nor any file of an earlier ledger is read. That the files are the
// same as those that were exported, to the byte, is what this proves.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "replay/log_source.hpp"
#include "topology/contract/note.hpp"

namespace virtscale::replay {

struct RebuildOptions {
  std::filesystem::path directory;  ///< gets a folder for each org; must be empty or absent
  std::string org{};                ///< only this one; empty: all
  std::vector<VerifierKey> keys{};  ///< known public keys: those that signed go to the org's file `keys`
  std::function<void(std::uint64_t seen, std::uint64_t expected)> progress{};
};

/// One ledger that was written.
struct RebuiltLedger {
  std::string org;
  std::uint64_t lines = 0;         ///< that a checkpoint covers, and that were written
  std::uint64_t lines_behind = 0;  ///< that no checkpoint covers yet
};

/// Ascending by org. Throws LogError, SnapshotError, and UsageError for a directory that is not empty; and
/// std::runtime_error if a file cannot be written or audit's inbox cannot be folded to its end.
std::vector<RebuiltLedger> rebuild_ledgers(LogSource& source, const RebuildOptions& options);

}  // namespace virtscale::replay
