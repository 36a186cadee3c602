// How a process of Virtscale begins: its signals and its settings.
#pragma once

#include <csignal>
#include <optional>
#include <string>

#include "compose/settings/settings.hpp"

namespace virtscale {

/// Sent by a process to itself when its log has failed; taken by `sigwait` like the others.
inline constexpr int log_failed_signal = SIGUSR1;

/// SIGTERM, SIGINT and `log_failed_signal`: blocked, so that `sigwait` alone takes them. Called before any thread is
/// made, which inherits it. SIGPIPE is ignored.
sigset_t block_signals();

/// The settings in `file`; the built-in ones if it is empty. Nothing if they cannot be used: every fault was told on
/// stderr then.
std::optional<Settings> settings_from(const std::string& file);

}  // namespace virtscale
