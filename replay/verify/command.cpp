#include "replay/verify/command.hpp"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include "replay/index/build.hpp"
#include "replay/progress.hpp"
#include "replay/text.hpp"
#include "replay/verify/corpus.hpp"
#include "replay/verify/verify.hpp"
#include "topology/adapters/sodium/sodium.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::replay {
namespace {

struct Words {
  std::string from;
  std::string to;
  std::string org;
  std::string keys;
  std::string index;
  std::string code;
};

// The keys beside the log, unless others are named. Without any, signatures are not checked, and the report says so.
std::optional<std::vector<VerifierKey>> keys_of(const Words& words, const LogSource& source) {
  const std::filesystem::path directory = words.keys.empty() ? source.keys : std::filesystem::path(words.keys);
  auto keys = directory.empty() ? std::vector<VerifierKey>() : public_keys(directory);
  if (!keys.empty()) return keys;
  if (!words.keys.empty()) throw UsageError("--keys " + words.keys + ": there is no public key (NAME.public) in it");
  return std::nullopt;
}

std::uint64_t rate_of(const VerifyReport& report) {
  return static_cast<std::uint64_t>(std::llround(static_cast<double>(report.records) / std::max(report.seconds, 1e-6)));
}

// A checkpoint whose signature nobody looked at says less than it seems to.
bool is_unsigned(const VerifyReport& report) {
  return report.signatures < report.checkpoints;
}

void print_json(const VerifyReport& report) {
  std::printf(
      "{\"records\": %llu, \"events\": %llu, \"lines\": %llu, \"checkpoints\": %llu, \"signatures\": %llu, "
      "\"signatures_checked\": %s, "
      "\"duplicates\": %llu, \"rejected\": %llu, \"not_yet_recorded\": %llu, \"records_per_s\": %llu, "
      "\"divergence\": %s}\n",
      static_cast<unsigned long long>(report.records), static_cast<unsigned long long>(report.events),
      static_cast<unsigned long long>(report.lines), static_cast<unsigned long long>(report.checkpoints),
      static_cast<unsigned long long>(report.signatures), is_unsigned(report) ? "false" : "true",
      static_cast<unsigned long long>(report.duplicates), static_cast<unsigned long long>(report.rejected),
      static_cast<unsigned long long>(report.not_yet_recorded), static_cast<unsigned long long>(rate_of(report)),
      report.divergence ? to_json(*report.divergence).c_str() : "null");
}

void print_text(const VerifyReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"records", with_commas(report.records), "folded again, " + with_commas(rate_of(report)) + " a second"},
      {"events", with_commas(report.events), "emitted again as they were recorded, to the byte"},
      {"lines", with_commas(report.lines), "of ledgers"},
      {"checkpoints", with_commas(report.checkpoints), "with the root of the lines before them"},
      {"signatures", with_commas(report.signatures), is_unsigned(report) ? "of these were checked" : "hold"}};
  const auto more = [&](std::uint64_t count, const char* name, const char* says) {
    if (count > 0) rows.push_back({name, with_commas(count), says});
  };
  more(report.duplicates, "duplicates", "copies that a restart left in the log, each the same to the byte");
  more(report.rejected, "rejected", "records that were no events or were not allowed: they are in deadletters");
  more(report.not_yet_recorded, "not recorded", "events at the very end: a crash came before they were appended");
  print_table(rows);
  if (is_unsigned(report))
    std::printf("signatures not checked: give --keys DIR, with the public keys (NAME.public) that signed\n");
  std::printf("%s", report.divergence ? to_text(*report.divergence).c_str() : "no divergence\n");
}

Instant instant_of(const std::string& option, const std::string& text, Instant otherwise) {
  if (text.empty()) return otherwise;
  const auto at = parse_instant(text);
  if (!at) throw UsageError(option + " " + text + ": write a time as 2026-04-21T02:14:00Z, or microseconds since 1970");
  return *at;
}

// One JSON document, as `verify` of a log prints it: the first divergence, with what to do about it.
void print_corpus_json(const CorpusReport& report) {
  std::string faults;
  for (const auto& fault : report.faults) {
    faults += (faults.empty() ? "" : ", ") + std::string("{\"file\": ") + json_string(fault.file.string()) +
              ", \"advice\": " + json_string(fault.advice) + ", \"divergence\": " + to_json(fault.divergence) + "}";
  }
  std::printf("{\"histories\": %zu, \"records\": %llu, \"events\": %llu, \"signatures\": %llu, \"diverged\": [%s]}\n",
              report.histories, static_cast<unsigned long long>(report.records),
              static_cast<unsigned long long>(report.events), static_cast<unsigned long long>(report.signatures),
              faults.c_str());
}

void print_corpus_text(const CorpusReport& report) {
  print_table({{"histories", with_commas(report.histories), "folded by this program's code"},
               {"records", with_commas(report.records), ""},
               {"events", with_commas(report.events), "emitted again as they were recorded, to the byte"},
               {"signatures", with_commas(report.signatures), "of checkpoints, of recordings that have their keys"}});
  for (const auto& fault : report.faults) {
    std::printf("\n%s: %s.\n%s", fault.file.c_str(), fault.advice.c_str(), to_text(fault.divergence).c_str());
  }
  if (report.faults.empty()) std::printf("no divergence\n");
}

Exit run_on_corpus(const Context& context, const Words& words) {
  const auto report = verify_corpus(words.code, [](const LogLayout& layout) { return make_refolds(layout); });
  context.format == Format::json ? print_corpus_json(report) : print_corpus_text(report);
  return report.faults.empty() ? Exit::done : Exit::not_verified;
}

Exit run(const Context& context, const Words& words) {
  if (!words.code.empty()) return run_on_corpus(context, words);
  auto source = open_log_source(context.log, context.kafka_properties);
  VerifyOptions options;
  options.from = instant_of("--from", words.from, options.from);
  options.to = instant_of("--to", words.to, options.to);
  options.org = words.org;
  options.keys = keys_of(words, source);
  Progress progress("verify");
  options.progress = [&](std::uint64_t seen, std::uint64_t expected) { progress.show(seen, expected); };
  std::unique_ptr<IndexOnTheWay> index;
  if (!words.index.empty()) {
    index = std::make_unique<IndexOnTheWay>(words.index, *source.log, index_every_default);
    options.folded = [&](Refold& refold, const LogRecord& record, const Step& step) {
      index->folded(refold, record, step);
    };
  }
  const auto report = verify(source, make_refolds(source.log->layout()), options);
  progress.clear();
  if (index != nullptr && !report.divergence) index->finish();
  context.format == Format::json ? print_json(report) : print_text(report);
  return report.divergence ? Exit::not_verified : Exit::done;
}

}  // namespace

void add_verify_command(CLI::App& app, Chosen& chosen) {
  auto words = std::make_shared<Words>();
  auto* verify =
      add_command(app, "verify", "Fold every stage again, and compare each event with the recorded one, to the byte",
                  chosen, [words](const Context& context) { return run(context, *words); });
  verify->add_option("--from", words->from, "compare records from this time on; all before is folded too")
      ->type_name("TIME");
  verify->add_option("--to", words->to, "and before this time")->type_name("TIME");
  verify->add_option("--org", words->org, "compare the events of this org only");
  verify->add_option("--keys", words->keys, "public keys (NAME.public) that signed; default: keys/ beside the log")
      ->type_name("DIR");
  verify
      ->add_option("--index", words->index,
                   "also store states along the log, as `virtscale-replay index` does; kept if there is no divergence")
      ->type_name("DIR");
  verify
      ->add_option("--code", words->code,
                   "instead of a log, a folder of recordings (*.capsule) that this program must fold as they were")
      ->type_name("DIR")
      ->excludes("--from", "--to", "--org", "--keys", "--index");
  verify->footer(
      "Compared are: each event that a fold emits, header and key included; copies that restarts left; hashes of what\n"
      "came from outside; the ledgers' lines, and the root and the signature of each checkpoint.\n"
      "Exit status 5: there is a divergence; the first in time is printed, with both sides and the records that led to "
      "it.\n"
      "No index is used for it, so it sees every record; --index writes one.\n"
      "With --code the message says what to do if a fold has changed: undo it, or raise its epoch.\n"
      "TIME is 2026-04-21T02:14:00Z or microseconds since 1970.\n"
      "Example: virtscale-replay verify --log var/demo/data --json");
}

}  // namespace virtscale::replay
