#include "replay/postmortem/command.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <limits>

#include "compose/ledger/files.hpp"
#include "replay/postmortem/draft.hpp"
#include "replay/progress.hpp"
#include "replay/text.hpp"
#include "topology/contract/sha256.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

struct Words {
  std::string event;
  std::string org;
  std::string from;
  std::string to;
  std::string out = ".";
  std::string name;
};

Instant instant_of(const std::string& option, const std::string& text, Instant otherwise) {
  if (text.empty()) return otherwise;
  const auto at = parse_instant(text);
  if (!at) throw UsageError(option + " " + text + ": write a time as 2026-04-21T02:14:00Z, or microseconds since 1970");
  return *at;
}

Case case_in(const LogSource& source, const Words& words) {
  Progress progress("postmortem: finding");
  const OnProgress show = [&](std::uint64_t done, std::uint64_t expected) { progress.show(done, expected); };
  if (words.event.empty() == words.org.empty())
    throw UsageError("name either a scale event (evt-7f3a91c04be2), or --org ORG with --from and --to");
  if (words.event.empty()) {
    const auto from = instant_of("--from", words.from, {});
    const auto to = instant_of("--to", words.to, {std::numeric_limits<std::int64_t>::max()});
    return case_of(source, words.org, from, to, show);
  }
  const auto scale = parse_scale(words.event);
  if (!scale) throw UsageError(words.event + " is not the name of a scale event: write it as evt-7f3a91c04be2");
  return case_of(source, scale, show);
}

std::string arguments_of(const Words& words) {
  auto text = words.event.empty() ? "--org " + words.org : words.event;
  if (!words.from.empty()) text += " --from " + words.from;
  if (!words.to.empty()) text += " --to " + words.to;
  return text;
}

std::string default_name(const Case& of) {
  if (of.traces.size() == 1) return "postmortem-" + name_of(of.traces.front());
  return "postmortem-" + of.org + "-" + to_text(of.begin).substr(0, 10);
}

// The files of one postmortem, as they are written.
class Files {
 public:
  Files(fs::path directory, std::string name) : directory_(std::move(directory)), name_(std::move(name)) {
    if (!ledger::is_ledger_name(name_))
      throw UsageError("--name " + name_ + ": use letters, digits, `.`, `_` and `-`, not beginning with `.`");
  }

  void write(const std::string& ending, const std::string& content) {
    const auto fault = ledger::replace_file(directory_ / (name_ + ending), content);
    if (!fault.empty()) throw std::runtime_error(fault);
    written_.push_back(name_ + ending);
  }
  fs::path of(const std::string& file) const { return directory_ / file; }
  const std::vector<std::string>& written() const { return written_; }

 private:
  fs::path directory_;
  std::string name_;
  std::vector<std::string> written_;
};

std::string hash_of(const std::string& text) {
  std::string hex;
  for (const auto byte : sha256(std::as_bytes(std::span(text)))) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(byte));
    hex += digits;
  }
  return hex;
}

void print(const Context& context, const Files& files, const std::string& markdown) {
  if (context.format == Format::json) {
    boost::json::array written;
    for (const auto& file : files.written()) written.push_back(boost::json::string(files.of(file).string()));
    std::printf("%s\n",
                boost::json::serialize(boost::json::object{{"files", written}, {"sha256", hash_of(markdown)}}).c_str());
    return;
  }
  for (const auto& file : files.written()) std::printf("%s\n", files.of(file).c_str());
  std::printf("sha256 of the Markdown: %s\n", hash_of(markdown).c_str());
}

Exit run(const Context& context, const Words& words) {
  auto source = open_log_source(context.log, context.kafka_properties);
  const auto of = case_in(source, words);
  Progress progress("postmortem: proving");
  const OnProgress show = [&](std::uint64_t done, std::uint64_t expected) { progress.show(done, expected); };
  const auto proofs = prove_lines(source, of.org, of.traces, show);
  DraftTerms terms{calendar_of(source, of.org, of.end, show),
                   words.name.empty() ? default_name(of) : words.name,
                   context.log,
                   {},
                   arguments_of(words)};
  progress.clear();
  Files files(words.out, terms.name);
  for (const auto& proof : proofs.proofs) {
    const auto ending = "-line-" + std::to_string(proof.index) + ".tlog-proof";
    files.write(ending, ledger::with_line(proof));
    terms.proof_files.push_back(terms.name + ending);
  }
  const auto document = draft_of(of, proofs, terms);
  const auto markdown = to_markdown(document, terms.name + ".html");
  files.write(".md", markdown);
  files.write(".html", to_html(document));
  print(context, files, markdown);
  return Exit::done;
}

}  // namespace

void add_postmortem_command(CLI::App& app, Chosen& chosen) {
  auto words = std::make_shared<Words>();
  auto* postmortem = add_command(
      app, "postmortem", "Draft a postmortem: what the log knows is filled in, and what is for people is marked so",
      chosen, [words](const Context& context) { return run(context, *words); });
  postmortem->add_option("EVT", words->event, "the scale event, such as evt-7f3a91c04be2");
  postmortem->add_option("--org", words->org, "instead: all scale events of this org …")->type_name("ORG");
  postmortem->add_option("--from", words->from, "… with ledger lines from this time on …")->type_name("TIME");
  postmortem->add_option("--to", words->to, "… and before this time")->type_name("TIME");
  postmortem->add_option("--out", words->out, "directory for the files")->type_name("DIR")->capture_default_str();
  postmortem->add_option("--name", words->name, "of the files; default: postmortem-EVT")->type_name("NAME");
  postmortem->footer(
      "Writes NAME.md, NAME.html (one file, no script, no network) and NAME-line-N.tlog-proof for each ledger line.\n"
      "It is due after 10 business days by the org's calendar (kind: Calendar) as the log had it at the event's end.\n"
      "`virtscale postmortem add NAME.md` makes the draft known to Virtscale.\n"
      "Example: virtscale-replay postmortem evt-25c0d1feaf2b --log var/demo/data --out var");
}

}  // namespace virtscale::replay
