#include "replay/ledger/command.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "replay/ledger/rebuild.hpp"
#include "replay/progress.hpp"
#include "replay/text.hpp"
#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale::replay {
namespace {

struct Words {
  std::string out;
  std::string org;
  std::string keys;
};

void print_json(const std::vector<RebuiltLedger>& ledgers) {
  boost::json::array array;
  for (const auto& one : ledgers)
    array.push_back({{"org", one.org}, {"lines", one.lines}, {"lines_behind", one.lines_behind}});
  std::printf("%s\n", boost::json::serialize(boost::json::object{{"ledgers", std::move(array)}}).c_str());
}

void print_text(const std::vector<RebuiltLedger>& ledgers, const std::string& out) {
  std::vector<std::vector<std::string>> rows = {{"ORG", "LINES", "NOT SIGNED YET"}};
  for (const auto& one : ledgers) rows.push_back({one.org, with_commas(one.lines), with_commas(one.lines_behind)});
  print_table(rows);
  std::printf("written to %s; check one with: virtscale ledger verify --dir %s/ORG\n", out.c_str(), out.c_str());
}

Exit run(const Context& context, const Words& words) {
  auto source = open_log_source(context.log, context.kafka_properties);
  const std::filesystem::path keys = words.keys.empty() ? source.keys : std::filesystem::path(words.keys);
  Progress progress("ledger");
  const auto ledgers = rebuild_ledgers(
      source, {.directory = words.out,
               .org = words.org,
               .keys = keys.empty() ? std::vector<VerifierKey>() : public_keys(keys),
               .progress = [&](std::uint64_t seen, std::uint64_t expected) { progress.show(seen, expected); }});
  progress.clear();
  if (!words.org.empty() && ledgers.empty()) throw NotFound("org " + words.org + " has no ledger in " + context.log);
  context.format == Format::json ? print_json(ledgers) : print_text(ledgers, words.out);
  return Exit::done;
}

}  // namespace

void add_ledger_command(CLI::App& app, Chosen& chosen) {
  auto words = std::make_shared<Words>();
  auto* ledger = add_command(app, "ledger", "Write the ledgers anew from what audit folded: the same bytes as exported",
                             chosen, [words](const Context& context) { return run(context, *words); });
  ledger->add_option("--out", words->out, "a directory to be made; it gets a folder for each org")
      ->type_name("DIR")
      ->required();
  ledger->add_option("--org", words->org, "the ledger of this org only");
  ledger->add_option("--keys", words->keys, "public keys (NAME.public) that signed; default: keys/ beside the log")
      ->type_name("DIR");
  ledger->footer(
      "Each folder is what `virtscale ledger export` writes: C2SP tlog-tiles and lines.jsonl. Neither the topic "
      "`ledger`\n"
      "nor an old file is read.\n"
      "Example: virtscale-replay ledger --log var/demo/data --out rebuilt && diff -r exported rebuilt/acme-tickets");
}

}  // namespace virtscale::replay
