// The Kafka cluster that a file of settings names, for programs that need nothing else of it.
#pragma once

#include <string>

#include "compose/settings/settings.hpp"

namespace virtscale {

/// Reads settings whose `kafka:` names a cluster. Throws std::runtime_error with the first fault, its place and its
/// remedy.
Settings read_cluster_settings(const std::string& file);

}  // namespace virtscale
