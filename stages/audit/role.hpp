// The role of audit: the fold, the signing of checkpoints, what readers of ledgers ask, and the metrics of lines.
#pragma once

#include <filesystem>
#include <memory>

#include "topology/host/role.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale::audit {

/// `ledgers` is the directory in which the files of all ledgers are kept up to date. `signer` outlives the role;
/// checkpoints are signed on `disk`, the thread where the state is written.
std::unique_ptr<Role> make_role(RoleParts parts, const Signer& signer, std::filesystem::path ledgers);

}  // namespace virtscale::audit
