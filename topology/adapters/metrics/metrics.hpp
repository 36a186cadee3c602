// Metrics on prometheus-cpp.
#pragma once

#include <memory>

#include "topology/ports/metrics.hpp"

namespace virtscale {

/// The counts of one process. Names begin with `virtscale_`; the labels are `stage` and `partition`.
std::unique_ptr<Metrics> make_metrics();

}  // namespace virtscale
