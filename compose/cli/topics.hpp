// `virtscale topics`: the topics of the log on Kafka.
#pragma once

#include <string>

#include "compose/cli/commands.hpp"

namespace virtscale::cli {

/// Makes the topics that are missing, as the settings in `config_file` say. What is there is never altered; a
/// difference is named, and the exit status is then 1.
Exit topics_create(const Context& context, const std::string& config_file);
/// Compares the topics with the settings.
Exit topics_check(const Context& context, const std::string& config_file);

}  // namespace virtscale::cli
