// `virtscale-replay what-if`.
#pragma once

#include "replay/command.hpp"
#include "topology/ports/documents.hpp"

namespace virtscale::replay {

/// Adds the command. It reads documents with `read`, folds a recorded range under them, and lists what changes.
void add_what_if_command(CLI::App& app, Chosen& chosen, ReadDocuments read);

}  // namespace virtscale::replay
