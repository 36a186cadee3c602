#include "replay/what_if/command.hpp"

#include <CLI/CLI.hpp>
#include <fstream>

#include "replay/progress.hpp"
#include "replay/text.hpp"
#include "replay/what_if/report.hpp"

namespace virtscale::replay {
namespace {

constexpr std::size_t documents_bytes_max = 1U << 20U;  // as the edge that applies them takes

struct Words {
  std::vector<std::string> with;
  std::string from;
  std::string to;
  std::uint64_t seed = 1;
};

Instant instant_of(const std::string& option, const std::string& text, Instant otherwise) {
  if (text.empty()) return otherwise;
  const auto at = parse_instant(text);
  if (!at) throw UsageError(option + " " + text + ": write a time as 2026-04-21T02:14:00Z, or microseconds since 1970");
  return *at;
}

std::string text_in(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(documents_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (!in && !in.eof())) throw UsageError("--with " + file + ": cannot be read (check that it is there)");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > documents_bytes_max) throw UsageError("--with " + file + ": has more than 1 MiB (split it)");
  return text;
}

std::vector<Document> documents_in(const std::vector<std::string>& files, const ReadDocuments& read) {
  std::vector<Document> documents;
  for (const auto& file : files) {
    auto parsed = read(text_in(file), file);
    if (!parsed.faults.empty()) {
      const auto& fault = parsed.faults.front();
      throw UsageError(file + ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column) + ": " +
                       fault.message);
    }
    for (auto& document : parsed.documents) documents.push_back(std::move(document));
  }
  if (documents.empty()) throw UsageError("--with: there is no document in it (kind: Contract, Service or Cell)");
  return documents;
}

Exit run(const Context& context, const Words& words, const ReadDocuments& read) {
  auto documents = documents_in(words.with, read);
  auto source = open_log_source(context.log);
  Progress progress("what-if");
  WhatIfOptions options;
  options.range.from = instant_of("--from", words.from, options.range.from);
  options.range.to = instant_of("--to", words.to, options.range.to);
  options.seed = words.seed;
  options.watch = [&](std::uint64_t seen, std::uint64_t expected) { progress.show(seen, expected); };
  const auto found = what_if(source, std::move(documents), options);
  progress.clear();
  context.format == Format::json ? print_json(found, words.seed) : print_text(found, words.seed);
  return Exit::done;
}

}  // namespace

void add_what_if_command(CLI::App& app, Chosen& chosen, ReadDocuments read) {
  auto words = std::make_shared<Words>();
  auto* what_if = add_command(
      app, "what-if", "Fold a recorded range under other documents, and list the decisions that change", chosen,
      [words, read = std::move(read)](const Context& context) { return run(context, *words, read); });
  what_if->add_option("--with", words->with, "documents: contracts, services, cells")->required()->type_name("FILE");
  what_if->add_option("--from", words->from, "the range: from this time on; all before is folded as it was")
      ->type_name("TIME");
  what_if->add_option("--to", words->to, "and before this time")->type_name("TIME");
  what_if->add_option("--seed", words->seed, "of what is modelled")->capture_default_str();
  what_if->footer(
      "A document takes the place of those about the same org, service or cell in the range, or is applied when the\n"
      "range begins. The load stays as it was recorded. What the log cannot know, such as the boot of a domain that "
      "was\n"
      "never started, is drawn from the recorded times, and marked with ~.\n"
      "With the documents that were in force nothing is listed.\n"
      "Example: virtscale-replay what-if --log var/demo/data --with contract.yml --from 2026-04-21T02:00:00Z");
}

}  // namespace virtscale::replay
