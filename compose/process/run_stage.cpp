#include "compose/process/run_stage.hpp"

#include <sodium.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "compose/process/fold_service.hpp"
#include "compose/process/stage_process.hpp"
#include "compose/site/start.hpp"
#include "topology/adapters/logging/journal.hpp"
#include "topology/graph.hpp"

namespace virtscale {
namespace {

constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

// Between two starts: the brokers may need a moment, and a failure that stays must not fill the journal.
constexpr std::chrono::milliseconds first_pause{200};
constexpr std::chrono::milliseconds pause_max{10'000};
// A process that ran this long has not failed by its start.
constexpr std::chrono::seconds well_started{60};

struct Words {
  std::string config_file;
  std::string data_directory;
  std::string listen;
};

// A drain that takes longer, as without brokers, ends all the same: what was not handed over is folded again.
class Watchdog {
 public:
  explicit Watchdog(Journal& journal)
      : thread_([&journal](const std::stop_token& stop) {
          std::mutex mutex;
          std::unique_lock lock(mutex);
          std::condition_variable_any over;
          if (over.wait_for(lock, stop, drain_max, [] { return false; }); stop.stop_requested()) return;
          journal.write(
              {.severity = Severity::warning, .message = "drained for too long: stopped without a hand-over"});
          _exit(exit_failed);
        }) {}

 private:
  static constexpr std::chrono::seconds drain_max{25};
  std::jthread thread_;
};

// Runs until a signal; the signal.
int run_once(Source stage, const Settings& settings, const Words& words, Journal& journal, const sigset_t& signals) {
  StageProcess process(stage, settings, words.data_directory, journal, [] { kill(getpid(), log_failed_signal); });
  int taken = 0;
  sigwait(&signals, &taken);
  if (taken == log_failed_signal) return taken;
  journal.write({.message = "draining"});
  const Watchdog watchdog(journal);
  process.drain();
  journal.write({.message = "stopped"});
  return taken;
}

// One that was sent as a process ended belongs to it.
void forget_failure() {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, log_failed_signal);
  const timespec at_once{};
  while (sigtimedwait(&one, nullptr, &at_once) > 0) {
  }
}

// True if a signal to stop came.
bool rest(const sigset_t& signals, std::chrono::milliseconds pause) {
  const timespec time{pause.count() / 1'000, pause.count() % 1'000 * 1'000'000};
  const int taken = sigtimedwait(&signals, nullptr, &time);
  return taken == SIGTERM || taken == SIGINT;
}

int run_for_ever(Source stage, const Settings& settings, const Words& words, const sigset_t& signals) {
  const auto journal =
      make_journal(settings.journal_level, settings.journal_json ? JournalFormat::json : JournalFormat::text);
  auto pause = first_pause;
  for (;;) {
    const auto began = std::chrono::steady_clock::now();
    try {
      if (run_once(stage, settings, words, *journal, signals) != log_failed_signal) return exit_done;
    } catch (const KafkaSettingsError& error) {
      journal->write({.severity = Severity::error, .message = error.what()});
      return exit_usage;
    } catch (const LogError& error) {
      journal->write({.severity = Severity::error, .message = error.what()});
    } catch (const std::exception& error) {
      journal->write({.severity = Severity::error, .message = error.what()});
      return exit_failed;
    }
    forget_failure();
    pause = std::chrono::steady_clock::now() - began > well_started ? first_pause : std::min(pause * 2, pause_max);
    journal->write({.severity = Severity::warning,
                    .message = "the log is tried again, and partitions go on from their own state",
                    .fields = {{"in_ms", std::to_string(pause.count())}}});
    if (rest(signals, pause)) return exit_done;
  }
}

// Empty, or what the settings lack that a stage process needs.
std::string lack_of(const Settings& settings) {
  if (settings.kafka.bootstrap.empty()) {
    return "a stage of its own needs Kafka: write `kafka: {bootstrap: HOST:PORT}`; without it, `virtscale up` runs all "
           "five in one process";
  }
  if (settings.tokens.empty()) {
    return "processes must agree on who may ask: write `tokens:` (`virtscale token generate` makes one)";
  }
  return {};
}

}  // namespace

int run_stage(Source stage, int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "fold") return serve_fold(stage);
  const std::string name(graph::node_of(stage).name);
  CLI::App app("The stage `" + name + "` of Virtscale, over Kafka. Start more of them to share its partitions.",
               "virtscale-" + name);
  Words words{.config_file = {}, .data_directory = "var/" + name, .listen = {}};
  app.add_option("--config", words.config_file, "settings, YAML; the same file for all stages")
      ->type_name("FILE")
      ->required();
  app.add_option("--data", words.data_directory, "where this process keeps its state; no two may share one")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--listen", words.listen, "instead of the settings' address of this stage; port 0: any")
      ->type_name("ADDRESS:PORT");
  app.footer(
      "SIGTERM drains, hands the partitions over and stops within 25 s; SIGKILL at any moment loses nothing.\n"
      "Topics are made once, with `virtscale topics create --config FILE`.\n"
      "With the one word `fold` it only folds, between its standard input and output, for "
      "`virtscale-replay what-if --policy-binary`.");
  CLI11_PARSE(app, argc, argv);

  const auto signals = block_signals();
  if (sodium_init() < 0) return exit_failed;
  auto settings = settings_from(words.config_file);
  if (!settings) return exit_usage;
  if (const auto lack = lack_of(*settings); !lack.empty()) {
    std::fprintf(stderr, "virtscale-%s: %s: %s\n", name.c_str(), words.config_file.c_str(), lack.c_str());
    return exit_usage;
  }
  if (!words.listen.empty()) {
    if (const auto fault = read_endpoint(words.listen, (*settings).*endpoint_of(stage)); !fault.empty()) {
      std::fprintf(stderr, "virtscale-%s: --listen: %s\n", name.c_str(), fault.c_str());
      return exit_usage;
    }
  }
  return run_for_ever(stage, *settings, words, signals);
}

}  // namespace virtscale
