// virtscale: runs all stages in one process (`up`), and the operator's commands.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <regex>

#include "compose/cli/commands.hpp"
#include "compose/cli/keys.hpp"
#include "compose/cli/ledger.hpp"
#include "compose/cli/postmortem.hpp"
#include "compose/cli/topics.hpp"
#include "compose/up/up.hpp"

namespace {

using namespace virtscale;
using cli::Exit;

// What the options of a command line become.
struct Words {
  cli::Context context;
  bool json = false;
  std::string token_file;
  UpOptions up;
  std::vector<std::string> files;
  cli::ScaleOrder scale;
  bool wait = false;
  bool follow = false;
  std::string of;
  std::string event;
  cli::EventsOrder events;
  cli::LedgerOrder ledger;
  cli::KeysOrder keys;
  std::string position;
  cli::EpochOrder epoch;
  std::string config_file;
};

// The token: --token-file, else VIRTSCALE_TOKEN, else the file that VIRTSCALE_TOKEN_FILE names. Never an argument,
// which every user of the machine could read.
std::string token_from(const std::string& file) {
  const auto* value = std::getenv("VIRTSCALE_TOKEN");
  if (file.empty() && value != nullptr) return value;
  const auto* named = std::getenv("VIRTSCALE_TOKEN_FILE");
  std::ifstream in(!file.empty() ? file : named != nullptr ? named : "");
  std::string token;
  std::getline(in, token);
  return token;
}

// CLI11 takes `-1` for an option; as `=`, `+` and `-` amounts are words of `scale`, they are marked before it looks.
constexpr std::string_view amount_mark = "change:";
std::vector<std::string> marked(int argc, char** argv) {
  static const std::regex amount("[+=-][0-9]+");
  std::vector<std::string> words(argv + 1, argv + argc);
  for (auto& word : words) {
    if (std::regex_match(word, amount)) word.insert(0, amount_mark);
  }
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  return words;
}

using Run = std::function<Exit()>;

CLI::App* command(CLI::App& app, const char* name, const char* help, Run& run, Run what) {
  auto* sub = app.add_subcommand(name, help);
  sub->callback([&run, what = std::move(what)] { run = what; });
  return sub;
}

void add_server_commands(CLI::App& app, Words& words, Run& run) {
  auto* up = command(app, "up", "Run all five stages in this process, on the embedded log", run,
                     [&] { return static_cast<Exit>(virtscale::up(words.up)); });
  up->add_option("--config", words.up.config_file, "settings, YAML; default: built-in settings")->type_name("FILE");
  up->add_option("--data", words.up.data_directory, "where the log, state, ledgers and keys are kept")
      ->type_name("DIR")
      ->capture_default_str();
  up->footer("SIGTERM drains and stops within 25 s; SIGKILL at any moment loses nothing.");
}

void add_work_commands(CLI::App& app, Words& words, Run& run) {
  auto* apply = command(app, "apply", "Apply contracts, services, cells and calendars; all of a file or nothing", run,
                        [&] { return cli::apply(words.context, words.files); });
  apply->add_option("-f,--file", words.files, "YAML or JSON; - for standard input")->type_name("FILE")->required();

  auto* scale = command(app, "scale", "Ask for a scale, and print the decision", run, [&] {
    words.scale.change.erase(0, words.scale.change.starts_with(amount_mark) ? amount_mark.size() : 0);
    words.scale.until = words.wait ? cli::ScaleOrder::Until::settled : cli::ScaleOrder::Until::decided;
    return cli::scale(words.context, words.scale);
  });
  scale->add_option("SERVICE", words.scale.service, "ORG/SERVICE")->required();
  scale->add_option("CHANGE", words.scale.change, "+N, -N, or =N")->required();
  scale->add_flag("--wait", words.wait, "until a signed checkpoint covers its ledger line");
  scale->add_option("--idempotency-key", words.scale.idempotency_key, "the same key gets the same decision, once");
  scale->footer("Exit status 3: refused by the contract. Example: virtscale scale acme-tickets/web +1");

  auto* status = command(app, "status", "Envelope, usage, replicas, open scale events, and how far each stage is", run,
                         [&] { return cli::status(words.context, words.of); });
  status->add_option("OF", words.of, "ORG or ORG/SERVICE; default: all");

  auto* snapshot = command(app, "snapshot", "Take a snapshot of the state of every partition, of stages over Kafka",
                           run, [&] { return cli::snapshot(words.context); });
  snapshot->footer("Where they go, and how often without asking, stands in the settings: `snapshots:`.");

  auto* explain = command(app, "explain", "Why: the signal, the rule, the projection, the placement, the steps", run,
                          [&] { return cli::explain(words.context, words.event); });
  explain->add_option("EVT", words.event, "such as evt-7f3a91c04be2")->required();

  auto* events = command(app, "events", "Scale events, the newest last", run, [&] {
    words.events.until = words.follow ? cli::EventsOrder::Until::interrupted : cli::EventsOrder::Until::now;
    return cli::events(words.context, words.events);
  });
  events->add_flag("--follow", words.follow, "go on as they happen");
  events->add_option("--org", words.events.org, "of one org only");
}

void add_ledger_commands(CLI::App& app, Words& words, Run& run) {
  auto* ledger = app.add_subcommand("ledger", "Read, check, export and prove ledgers")->require_subcommand(1);
  auto* show = command(*ledger, "show", "Print an org's lines", run,
                       [&] { return cli::ledger_show(words.context, words.ledger); });
  show->add_option("ORG", words.ledger.org)->required();
  auto* verify = command(*ledger, "verify", "Check every line, hash and signature of a ledger", run,
                         [&] { return cli::ledger_verify(words.context, words.ledger); });
  verify->add_option("ORG", words.ledger.org, "of the server; or use --dir");
  verify->add_option("--dir", words.ledger.directory, "an exported ledger, offline")->type_name("DIR");
  verify->add_option("--key", words.ledger.key_files, "public keys (vkeys) to trust instead of those beside the ledger")
      ->type_name("FILE");
  verify->footer("Exit status 5: it does not verify; the message names the line.");
  auto* exported = command(*ledger, "export", "Write an org's ledger to a directory: C2SP tlog-tiles and lines.jsonl",
                           run, [&] { return cli::ledger_export(words.context, words.ledger); });
  exported->add_option("ORG", words.ledger.org)->required();
  exported->add_option("--out", words.ledger.directory, "made if absent")->type_name("DIR")->required();
  auto* prove = command(*ledger, "prove", "Print the proof of an event's line: C2SP tlog-proof", run,
                        [&] { return cli::ledger_prove(words.context, words.ledger); });
  prove->add_option("EVT", words.ledger.event)->required();
  auto* check = command(*ledger, "check-proof", "Check a proof and its line, offline", run,
                        [&] { return cli::ledger_check_proof(words.context, words.ledger); });
  check->add_option("FILE", words.ledger.proof_file, "the proof")->required();
  check->add_option("--line", words.ledger.line_file, "the line, as in lines.jsonl; default: the one inside the proof");
  check->add_option("--key", words.ledger.key_files, "public keys (vkeys) to trust")->type_name("FILE")->required();
}

void add_postmortem_commands(CLI::App& app, Words& words, Run& run) {
  auto* postmortem =
      app.add_subcommand("postmortem", "Postmortems: which are drafted, due, overdue and done")->require_subcommand(1);
  auto* add = command(*postmortem, "add", "Make drafts known: their names, hashes, and the days when they are due", run,
                      [&] { return cli::postmortem_add(words.context, words.files); });
  auto* close = command(*postmortem, "close", "Close those that are written; what is left to write is named", run,
                        [&] { return cli::postmortem_close(words.context, words.files); });
  for (auto* sub : {add, close})
    sub->add_option("FILE", words.files, "Markdown, as `virtscale-replay postmortem` wrote it")->required();
  auto* list = command(*postmortem, "list", "List them, the overdue first", run,
                       [&] { return cli::postmortem_list(words.context, words.of); });
  list->add_option("--org", words.of, "of one org only");
}

void add_key_commands(CLI::App& app, Words& words, Run& run) {
  auto* keys = app.add_subcommand("keys", "Ed25519 keys that sign checkpoints")->require_subcommand(1);
  auto* generate = command(*keys, "generate", "Make a key: NAME.secret (mode 0600) and NAME.public", run,
                           [&] { return cli::keys_generate(words.context, words.keys); });
  generate->add_option("NAME", words.keys.name, "such as policy-gate-2026-q1")->required();
  auto* list = command(*keys, "list", "The public keys in a directory", run,
                       [&] { return cli::keys_list(words.context, words.keys); });
  for (auto* sub : {generate, list}) {
    sub->add_option("--dir", words.keys.directory, "the directory of keys")->type_name("DIR")->capture_default_str();
  }
  auto* token = app.add_subcommand("token", "Bearer tokens")->require_subcommand(1);
  command(*token, "generate", "Print a new token, and the hash that goes into the settings", run,
          [&] { return cli::token_generate(words.context); });
}

void add_deadletter_commands(CLI::App& app, Words& words, Run& run) {
  auto* letters =
      app.add_subcommand("deadletters", "Records that could not be read or were not allowed")->require_subcommand(1);
  command(*letters, "list", "List them, with the reasons", run, [&] { return cli::deadletters_list(words.context); });
  auto* show = command(*letters, "show", "One of them, whole", run,
                       [&] { return cli::deadletters_show(words.context, words.position); });
  auto* again = command(*letters, "resubmit", "Append it to its topic again", run,
                        [&] { return cli::deadletters_resubmit(words.context, words.position); });
  for (auto* sub : {show, again})
    sub->add_option("POSITION", words.position, "PARTITION-OFFSET, as `list` prints it")->required();
}

void add_epoch_commands(CLI::App& app, Words& words, Run& run) {
  auto* epochs =
      app.add_subcommand("epochs", "By whose rules the stages fold, after an upgrade")->require_subcommand(1);
  command(*epochs, "list", "The epoch of each partition, and the newest that its program has", run,
          [&] { return cli::epochs_list(words.context); });
  auto* activate = command(*epochs, "activate", "From here on fold by the rules of this epoch; there is no way back",
                           run, [&] { return cli::epochs_activate(words.context, words.epoch); });
  activate->add_option("--stage", words.epoch.stage, "such as policy")
      ->check(CLI::IsMember({"signal", "policy", "orchestration", "dataplane", "audit"}))
      ->required();
  activate->add_option("--epoch", words.epoch.epoch, "of 2 or more")->check(CLI::Range(2, 1'000'000))->required();
  activate->add_option("--release", words.epoch.version, "what people call the version that brings it")
      ->type_name("NAME");
  activate->footer(
      "Install the new version in every process of the stage first; it folds by the old rules until then.");
}

void add_topic_commands(CLI::App& app, Words& words, Run& run) {
  auto* topics = app.add_subcommand("topics",
                                    "The topics of the log on Kafka, for stages that run as processes of "
                                    "their own")
                     ->require_subcommand(1);
  auto* create = command(*topics, "create", "Make those that are missing; what is there is never altered", run,
                         [&] { return cli::topics_create(words.context, words.config_file); });
  auto* check = command(*topics, "check", "Compare partitions, replication and retention with the settings", run,
                        [&] { return cli::topics_check(words.context, words.config_file); });
  for (auto* sub : {create, check}) {
    sub->add_option("--config", words.config_file, "settings with `kafka:` and `log: {partitions: …}`")
        ->type_name("FILE")
        ->required();
    sub->footer("Exit status 1: a topic differs; each difference is named on stderr.");
  }
}

int run_command(const Words& words, const Run& run) {
  try {
    return static_cast<int>(run());
  } catch (const std::exception& error) {
    cli::complain(words.context, error.what());
    return static_cast<int>(Exit::failed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Virtscale turns an alert into a signed ledger line.", "virtscale");
  app.require_subcommand(1);
  app.fallthrough();
  Words words;
  Run run;
  app.add_flag("--json", words.json, "one JSON document, or one a line for streams");
  app.add_option("--server", words.context.client.server, "where `virtscale up` listens")
      ->type_name("URL")
      ->capture_default_str();
  app.add_option("--token-file", words.token_file,
                 "holds the bearer token; default: VIRTSCALE_TOKEN or VIRTSCALE_TOKEN_FILE")
      ->type_name("FILE");
  app.footer(
      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused by the contract, 4 not found, 5 verification failed.");
  add_server_commands(app, words, run);
  add_work_commands(app, words, run);
  add_ledger_commands(app, words, run);
  add_postmortem_commands(app, words, run);
  add_key_commands(app, words, run);
  add_deadletter_commands(app, words, run);
  add_epoch_commands(app, words, run);
  add_topic_commands(app, words, run);
  try {
    app.parse(marked(argc, argv));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::usage);
  }
  words.context.format = words.json ? cli::Format::json : cli::Format::text;
  words.context.client.token = token_from(words.token_file);
  return run_command(words, run);
}
