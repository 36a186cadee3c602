// Proofs for the lines that a postmortem cites: C2SP tlog-proof, made from the log alone.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compose/ledger/proof.hpp"
#include "replay/decision/trace.hpp"
#include "replay/log_source.hpp"

namespace virtscale::replay {

struct Proofs {
  std::vector<ledger::LineProof> proofs;
  std::string checkpoint;  ///< the signed note that they lead to
  std::string verdict;     ///< a sentence: whether they hold, whose signature was checked, or why there are none
};

/// Proves all lines of these scale events of one org against the newest checkpoint in the log. Reads the org's ledger
/// from its first line. Public keys beside the log are used to check the signature. Throws LogError, and CapsuleError
/// if there is no room for temporary files.
Proofs prove_lines(const LogSource& source, const std::string& org, std::span<const Trace> traces,
                   const OnProgress& progress);

}  // namespace virtscale::replay
