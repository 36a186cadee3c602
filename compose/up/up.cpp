#include "compose/up/up.hpp"

#include <sodium.h>
#include <unistd.h>

#include "compose/site/start.hpp"
#include "compose/up/plant.hpp"
#include "topology/adapters/logging/journal.hpp"

namespace virtscale {
namespace {

constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

}  // namespace

int up(const UpOptions& options) {
  auto signals = block_signals();
  if (sodium_init() < 0) return exit_failed;
  const auto settings = settings_from(options.config_file);
  if (!settings) return exit_usage;
  const auto journal =
      make_journal(settings->journal_level, settings->journal_json ? JournalFormat::json : JournalFormat::text);
  try {
    Plant plant(*settings, options.data_directory, *journal, [] { kill(getpid(), log_failed_signal); });
    int taken = 0;
    sigwait(&signals, &taken);
    // A log that has failed can promise nothing more.
    if (taken == log_failed_signal) return exit_failed;
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
