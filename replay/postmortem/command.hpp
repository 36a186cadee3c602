// `virtscale-replay postmortem`.
#pragma once

#include "replay/command.hpp"

namespace virtscale::replay {

/// Adds the command. It writes NAME.md, NAME.html and a .tlog-proof file for each ledger line.
void add_postmortem_command(CLI::App& app, Chosen& chosen);

}  // namespace virtscale::replay
