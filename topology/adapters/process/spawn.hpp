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

/// A loopback port that nobody listens on, kept from others as long as this lives.
class ReservedPort {
 public:
  /// Draws ports from the system until `is_taken` says no. Throws std::system_error if the system has none.
  explicit ReservedPort(const std::function<bool(std::uint16_t)>& is_taken);
  ~ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;
  std::uint16_t number() const { return number_; }

 private:
  int socket_ = -1;
  std::uint16_t number_ = 0;
};

struct SpawnOrder {
  std::vector<std::string> command;  ///< not empty; the first word is searched in PATH
  std::vector<std::pair<std::string, std::string>> variables;
  std::filesystem::path log;  ///< standard output and error are appended
};

/// Starts the process as the leader of a new session, without our descriptors, signal mask or secrets. Safe in a
/// process with threads. Returns when the program runs, or why it cannot: `failure` is then set, and the result is 0.
pid_t spawn(const SpawnOrder& order, std::optional<Failure>& failure);

}  // namespace virtscale::process
