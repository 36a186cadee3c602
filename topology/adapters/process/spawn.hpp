// Starting a process that shall outlive us, and the port that it shall have.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "topology/ports/effects.hpp"

namespace virtscale::process {

/// A loopback port on which nobody listens now and for which `is_taken` says no; drawn below the ports that Linux hands
/// out to clients. It is not kept from others: a domain binds it sooner than we could let go of it. Throws
/// std::system_error if there is none.
std::uint16_t free_port(const std::function<bool(std::uint16_t)>& is_taken);

struct SpawnOrder {
  std::vector<std::string> command;  ///< not empty; the first word is searched in PATH
  std::vector<std::pair<std::string, std::string>> variables;
  std::filesystem::path log;  ///< standard output and error are appended
};

/// Starts the process as the leader of a new session, without our descriptors, signal mask or secrets. Safe in a
/// process with threads. Returns when the program runs, or why it cannot: `failure` is then set, and the result is 0.
pid_t spawn(const SpawnOrder& order, std::optional<Failure>& failure);

}  // namespace virtscale::process
