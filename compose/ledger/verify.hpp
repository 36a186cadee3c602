// Verifies a ledger from its files and public keys alone: offline, and all of it.
//
// The one thing to know: a sound ledger proves that the holder of the key signed exactly these lines in this order.
// That nothing was removed since some day is proved by a checkpoint of that day (`extends_older`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/note.hpp"

namespace virtscale::ledger {

/// One thing that is wrong: in which file or line, and what.
struct LedgerFault {
  std::string where;
  std::string what;
};
/// `where: what`.
std::string to_string(const LedgerFault& fault);

/// After this many faults the rest is not looked for.
inline constexpr std::size_t faults_max = 20;

/// What verification found. The ledger is sound if there are no `faults`.
struct LedgerReport {
  Checkpoint checkpoint;
  std::vector<std::string> signers;  ///< names of the keys whose signatures hold
  std::uint64_t lines = 0;           ///< that were checked
  std::vector<LedgerFault> faults;
  bool is_sound() const { return faults.empty(); }
};

/// Checks everything: the signature, each line (canonical, its own index and org), `lines.jsonl` against the entries,
/// every tile against the lines, and the root against the checkpoint. A ledger that grows meanwhile is read again.
LedgerReport verify_ledger(const std::filesystem::path& directory, std::span<const VerifierKey> keys);

/// A checkpoint that is signed by one of `keys`; a fault that says why not otherwise. `where` names it in the fault.
struct CheckedCheckpoint {
  Checkpoint checkpoint;
  std::vector<std::string> signers;
  std::vector<LedgerFault> faults;
};
CheckedCheckpoint check_checkpoint(std::string_view note, std::span<const VerifierKey> keys, const std::string& where);

}  // namespace virtscale::ledger
