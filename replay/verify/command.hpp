// `virtscale-replay verify`.
#pragma once

#include "replay/command.hpp"

namespace virtscale::replay {

/// Adds the command. It prints what was compared, and exits with 5 on a divergence.
void add_verify_command(CLI::App& app, Chosen& chosen);

}  // namespace virtscale::replay
