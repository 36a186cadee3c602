// `virtscale up`: all of Virtscale in one process.
#pragma once

#include <string>

namespace virtscale {

struct UpOptions {
  std::string config_file;  ///< empty: the built-in settings
  std::string data_directory = "var/virtscale";
};

/// Runs until SIGTERM or SIGINT, or until something stops it that it cannot mend. Returns the exit status of the
/// process: 0, 1, or 2 for settings that are wrong.
int up(const UpOptions& options);

}  // namespace virtscale
