// `virtscale-replay index`, and the options of commands that use an index.
#pragma once

#include "replay/command.hpp"
#include "replay/log_source.hpp"

namespace virtscale::replay {

/// Adds the command.
void add_index_command(CLI::App& app, Chosen& chosen);

/// Which index a command uses.
struct IndexChoice {
  std::string directory;  ///< empty: the one beside the log, if there is one
  bool none = false;
};

/// Adds `--index` and `--no-index` to a command. `choice` outlives the parsing.
void add_index_options(CLI::App& command, IndexChoice& choice);

/// Opens the log with the index that was chosen. Throws as open_log_source does, and UsageError for a directory that
/// holds no index.
LogSource open_indexed(const Context& context, const IndexChoice& choice);

}  // namespace virtscale::replay
