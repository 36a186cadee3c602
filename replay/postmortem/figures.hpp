// The pictures of a postmortem, and the figures that they show.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "replay/postmortem/case.hpp"
#include "replay/postmortem/document.hpp"

namespace virtscale::replay {

/// A piece of the loop, from one step of the ledger line to the next.
struct Stretch {
  std::string name;  ///< `boot until the probe passes`
  Instant from;
  Instant to;
  bool is_boot = false;
};

/// The loop of a line: its steps, and the start of the domain taken apart where the trace has it.
std::vector<Stretch> stretches_of(const Case& of, const LineAt& line);
/// The boot's part of the end-to-end time; nothing where nothing was booted.
std::optional<Stretch> boot_of(const Case& of, const LineAt& line);

/// The Gantt chart: of one line its stretches, of several a row for each.
Figure loop_figure(const Case& of);
/// Replicas that were admitted and that serve, and how many the quota and the envelope allow.
std::optional<Figure> replicas_figure(const Case& of);
/// The values that the alerts of the service reported.
std::optional<Figure> values_figure(const Case& of);

}  // namespace virtscale::replay
