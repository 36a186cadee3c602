// `virtscale-replay trace`.
#pragma once

#include "replay/command.hpp"

namespace virtscale::replay {

/// States are folded without being asked for if that takes at most so many records, as it does from an index: some
/// tenths of a second.
inline constexpr std::uint64_t folded_unasked_max = 300'000;

/// Adds the command.
void add_trace_command(CLI::App& app, Chosen& chosen);

}  // namespace virtscale::replay
