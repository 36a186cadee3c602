// Policy as another program decides it: `virtscale-policy fold`, of whatever version, as a child process.
//
// The one thing to know: lanes, requests and timers stay here, as for every refold; the other program is asked for the
// fold alone. Its tables are mirrored, so that figures are taken from them as from our own.
#pragma once

#include <memory>
#include <string>

#include "replay/refold.hpp"
#include "stages/policy/state.hpp"

namespace virtscale::replay {

/// A partition of policy with nothing folded yet, folded by `program` by its newest rules. The child ends with the
/// refold. Throws UsageError if it is no program of policy that folds. `fold` throws std::runtime_error if the program
/// fails.
std::unique_ptr<Refold> make_foreign_policy(const std::string& program, std::uint32_t partition,
                                            const LogLayout& layout);

/// The epoch by whose rules another program folds this; 0 if it is folded here.
std::uint32_t foreign_epoch(const Refold& refold);

/// The state of policy, whoever folds it; null for a refold of another stage.
const policy::State* policy_state(const Refold& refold);

}  // namespace virtscale::replay
