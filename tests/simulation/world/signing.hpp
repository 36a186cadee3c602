// The key that signs the ledgers of all runs: always the same, so that a seed gives the same bytes each time.
#pragma once

#include <vector>

#include "topology/contract/note.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale::simulation {

/// A real Ed25519 signer; made at the first call, and then as long as the program lives.
const Signer& simulation_signer();
/// Its public key.
const std::vector<VerifierKey>& simulation_keys();

}  // namespace virtscale::simulation
