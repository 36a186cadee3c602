// How audit's one request, SignCheckpoint, reaches the signer.
#pragma once

#include <memory>

#include "topology/ports/clock.hpp"
#include "topology/ports/effects.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale::audit {

/// Signs on `executor`, in one attempt: a key that is loaded does not fail. Both must outlive the effects.
std::unique_ptr<Effects> make_effects(const Signer& signer, Executor& executor);

}  // namespace virtscale::audit
