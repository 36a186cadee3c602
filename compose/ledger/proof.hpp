// Proofs that stand alone: that a line is in a ledger (C2SP tlog-proof), and that a ledger only grew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compose/ledger/verify.hpp"
#include "topology/contract/merkle.hpp"

namespace virtscale::ledger {

/// A line and the text that proves it, with the checkpoint in it.
struct LineProof {
  std::uint64_t index = 0;
  std::string line;
  std::string text;
};

/// The proofs of an event's lines: one, or two for a refusal that stood and ended.
struct EventProofs {
  std::vector<LineProof> proofs;
  std::vector<LedgerFault> faults;  ///< also if no line covered by the checkpoint is of this event
};

/// Proves the lines of `event`, such as `evt-7f3a91c04be2`.
EventProofs prove_event(const std::filesystem::path& directory, std::string_view event);

/// The proof's text with the line inside (C2SP tlog-proof: `extra`), so that one file says all.
std::string with_line(const LineProof& proof);
/// The line inside the text of a proof; nothing if it holds none.
std::optional<std::string> line_in(std::string_view proof);

/// Whether `text` proves that `line` is in a ledger whose checkpoint one of `keys` signed. Sound without faults.
struct CheckedProof {
  std::uint64_t index = 0;
  Checkpoint checkpoint;
  std::vector<std::string> signers;
  std::vector<LedgerFault> faults;
};
CheckedProof check_proof(std::string_view text, std::string_view line, std::span<const VerifierKey> keys);

/// Whether the ledger in `directory` begins with the tree of an older checkpoint: nothing that it covered was changed
/// or removed. Both checkpoints must be signed by one of `keys`. Sound if empty.
std::vector<LedgerFault> extends_older(const std::filesystem::path& directory, std::string_view older_checkpoint,
                                       std::span<const VerifierKey> keys);

/// Whether `proof` shows that the newer checkpoint's tree begins with the older's; from texts alone.
std::vector<LedgerFault> check_consistency(std::string_view newer, std::string_view older,
                                           std::span<const Digest> proof, std::span<const VerifierKey> keys);

}  // namespace virtscale::ledger
