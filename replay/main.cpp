// virtscale-replay: reads a log, folds the past again, and tells what it sees. It never touches the world.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

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

Exit run_command(const Context& context, const Chosen& chosen) {
  try {
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
  bool json = false;
  app.add_option("--log", context.log,
                 "a data directory, a capsule or an archive; or kafka:HOST:PORT,…[/PREFIX] for a cluster")
      ->type_name("DIR")
      ->capture_default_str();
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
  return static_cast<int>(run_command(context, chosen));
}
