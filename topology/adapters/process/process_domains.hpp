// The driver `process`: a domain is a local process, started from its service's `command`, with a loopback port.
//
// The one thing to know: a domain outlives Virtscale. It has a session of its own, and is found again by the file that
// says which process it is, or, had Virtscale died before writing that, by the variables in its environment. So any
// Virtscale on this directory can find and stop what another has started, and several may use it at once.
#pragma once

#include <filesystem>
#include <memory>

#include "topology/ports/effects.hpp"

namespace virtscale {

struct ProcessDomainsOptions {
  /// Made if missing; holds one file for each domain, its output, and the file on which names are locked. Several
  /// processes may use it at once: of two that start one domain, one starts it and the other finds it.
  std::filesystem::path directory;
  /// From SIGTERM to SIGKILL.
  Duration grace = seconds(3);
};

/// A driver whose domains are processes. In each word of the command `{port}` and `{name}` are replaced. A domain sees
/// VIRTSCALE_DOMAIN (its name), VIRTSCALE_CELL, VIRTSCALE_PORT, VIRTSCALE_OWNER (the directory), and of Virtscale's own
/// environment only what a program needs to run (PATH, HOME, LANG, TZ, ...), since the rest may hold secrets. Output
/// goes to DIRECTORY/logs/NAME.log. After destruction no callback is called; domains run on. Throws std::runtime_error
/// if the directory cannot be made or written.
std::unique_ptr<Domains> make_process_domains(const ProcessDomainsOptions& options);

}  // namespace virtscale
