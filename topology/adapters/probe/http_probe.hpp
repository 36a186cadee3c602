// Liveness by HTTP: GET a path until the first 2xx, or until the deadline.
//
// The one thing to know: whatever goes wrong before the deadline, a refused connection above all, only means "not yet".
#pragma once

#include <cstdint>
#include <memory>

#include "topology/ports/effects.hpp"

namespace virtscale {

struct HttpProbeSettings {
  Duration attempt_timeout = seconds(1);  ///< of one GET: connect, write, and read of the response's head
  std::uint32_t open_max = 256;           ///< connections at a time; a probe beyond them waits for its next turn
};

/// Any thread may call; callbacks run on one thread of its own. Its destruction drops what is under way, without a
/// callback.
std::unique_ptr<Probe> make_http_probe(HttpProbeSettings settings = {});

}  // namespace virtscale
