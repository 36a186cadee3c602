// `virtscale-replay ledger`.
#pragma once

#include "replay/command.hpp"

namespace virtscale::replay {

/// Adds the command.
void add_ledger_command(CLI::App& app, Chosen& chosen);

}  // namespace virtscale::replay
