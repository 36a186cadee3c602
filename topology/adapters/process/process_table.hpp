// The kernel's table of processes, /proc, as far as the driver asks about it. Whatever reads it throws
// std::system_error when descriptors or memory are short, so that a process that cannot be seen is not taken for one
// that is gone.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace virtscale::process {

/// A process as /proc/PID/stat has it.
struct ProcessStat {
  pid_t pid = 0;
  char state = '?';
  pid_t group = 0;
  pid_t session = 0;
  int threads = 0;
  std::uint64_t start_ticks = 0;  ///< since boot

  /// A zombie whose other threads still end holds its sockets open.
  bool is_dead() const { return state == 'X' || (state == 'Z' && threads <= 1); }
};

/// Nothing if there is no such process.
std::optional<ProcessStat> stat_of(pid_t pid);

/// Visits the number of every process, the dead included.
void each_pid(const std::function<void(pid_t)>& visit);

/// The value of a variable in the environment that the process was started with; nothing if it has none, or we may not
/// look.
std::optional<std::string> variable_of(pid_t pid, std::string_view variable);

/// True if a process of the group is alive; zombies are not.
bool group_lives(pid_t group);

/// Names this boot of the machine.
std::string boot_id();

}  // namespace virtscale::process
