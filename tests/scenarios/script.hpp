// A scenario as it is read: commands with their words, their times and their indented blocks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "topology/contract/units.hpp"

namespace virtscale::test {

struct Command {
  int line = 0;
  std::optional<Instant> at;
  std::vector<std::string> words;
  std::string block;  ///< the indented lines that follow, without their indentation, each with its newline
};

/// Reads a scenario; `day` lines are taken here. Throws std::runtime_error that names the line.
std::vector<Command> read_script(const std::string& file);

}  // namespace virtscale::test
