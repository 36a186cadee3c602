// `virtscale-replay capsule`.
#pragma once

#include "replay/command.hpp"

namespace virtscale::replay {

/// Adds the command. It writes a file that every other command opens with `--log FILE`.
void add_capsule_command(CLI::App& app, Chosen& chosen);

}  // namespace virtscale::replay
