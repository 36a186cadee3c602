// virtscale-replay: reads a log, folds the past again, and tells what it sees. It never touches the world.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "compose/settings/cluster.hpp"
#include "compose/settings/documents.hpp"
#include "replay/at/command.hpp"
#include "replay/capsule/command.hpp"
#include "replay/command.hpp"
#include "replay/index/command.hpp"
#include "replay/ledger/command.hpp"
#include "replay/postmortem/command.hpp"
#include "replay/trace/command.hpp"
#include "replay/verify/command.hpp"
#include "replay/what_if/command.hpp"

namespace {

using namespace virtscale::replay;

void complain(const Context& context, const std::string& what) {
  const auto line = context.format == Format::json ? boost::json::serialize(boost::json::object{{"error", what}})
                                                   : "virtscale-replay: " + what;
  std::fprintf(stderr, "%s\n", line.c_str());
}

// The cluster that the settings name, and how to reach it.
void read_config(const std::string& file, Context& context) {
  const auto kafka = virtscale::read_cluster_settings(file).kafka;
  context.log = "kafka:" + kafka.bootstrap + (kafka.prefix.empty() ? "" : "/" + kafka.prefix);
  context.kafka_properties = kafka.properties;
}

Exit run_command(Context context, const std::string& config_file, const Chosen& chosen) {
  try {
    if (!config_file.empty()) read_config(config_file, context);
    return chosen.run(context);
  } catch (const UsageError& error) {
    complain(context, error.what());
    return Exit::usage;
  } catch (const NotFound& error) {
    complain(context, error.what());
    return Exit::not_found;
  } catch (const std::exception& error) {
    complain(context, error.what());
    return Exit::failed;
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "virtscale-replay folds the past again: it proves that what was recorded is what the folds decide, and "
      "answers what a log can answer. It reads, and never touches the world.",
      "virtscale-replay");
  app.require_subcommand(1);
  app.fallthrough();
  Context context;
  Chosen chosen;
  std::string config_file;
  bool json = false;
  auto* const log =
      app.add_option("--log", context.log,
                     "a data directory, a capsule or an archive; or kafka:HOST:PORT,…[/PREFIX] for a cluster")
          ->type_name("DIR")
          ->capture_default_str();
  app.add_option("--config", config_file,
                 "the settings of the stages instead: the cluster that they name, with its SASL and TLS")
      ->type_name("FILE")
      ->excludes(log);
  app.add_flag("--json", json, "one JSON document, or one a line for streams");
  app.footer("Exit status: 0 done, 1 failed, 2 wrong usage, 4 not found, 5 verification failed.");
  add_verify_command(app, chosen);
  add_trace_command(app, chosen);
  add_postmortem_command(app, chosen);
  add_ledger_command(app, chosen);
  add_at_command(app, chosen);
  add_capsule_command(app, chosen);
  add_index_command(app, chosen);
  add_what_if_command(app, chosen, virtscale::parse_documents);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(app.exit(error) == 0 ? Exit::done : Exit::usage);
  }
  context.format = json ? Format::json : Format::text;
  return static_cast<int>(run_command(context, config_file, chosen));
}
