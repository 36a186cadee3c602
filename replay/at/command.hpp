// `virtscale-replay at TIME`.
#pragma once

#include "replay/command.hpp"

namespace virtscale::replay {

/// Adds the command.
void add_at_command(CLI::App& app, Chosen& chosen);

}  // namespace virtscale::replay
