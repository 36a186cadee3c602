#include "compose/up/up.hpp"

#include <sodium.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compose/settings/settings.hpp"
#include "compose/up/plant.hpp"
#include "topology/adapters/logging/journal.hpp"

namespace virtscale {
namespace {

constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

// Signals are taken by `sigwait` alone: blocked before any thread is made, which inherits it.
sigset_t block_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// False if the file cannot be used; every fault has been told then.
bool read_settings(const std::string& file, Settings& settings) {
  if (file.empty()) return true;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "virtscale: cannot read the settings %s: check the name and its permissions\n", file.c_str());
    return false;
  }
  std::stringstream text;
  text << in.rdbuf();
  auto parsed = parse_settings(text.str());
  for (const auto& fault : parsed.faults) {
    std::fprintf(stderr, "%s:%u:%u: %s\n", file.c_str(), fault.line, fault.column, fault.message.c_str());
  }
  settings = std::move(parsed.settings);
  return parsed.faults.empty();
}

}  // namespace

int up(const UpOptions& options) {
  auto signals = block_signals();
  if (sodium_init() < 0) return exit_failed;
  Settings settings;
  if (!read_settings(options.config_file, settings)) return exit_usage;
  const auto journal =
      make_journal(settings.journal_level, settings.journal_json ? JournalFormat::json : JournalFormat::text);
  try {
    // A log that has failed can promise nothing more: the process ends by the same signal as an operator would send.
    std::atomic<bool> failed = false;
    Plant plant(settings, options.data_directory, *journal, [&failed] {
      if (!failed.exchange(true)) kill(getpid(), SIGTERM);
    });
    int taken = 0;
    sigwait(&signals, &taken);
    if (failed) return exit_failed;
    journal->write({.message = "draining"});
    plant.drain();
    journal->write({.message = "stopped"});
    return exit_done;
  } catch (const std::exception& error) {
    journal->write({.severity = Severity::error, .message = error.what()});
    return exit_failed;
  }
}

}  // namespace virtscale
