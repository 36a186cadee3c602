#include "replay/what_if/command.hpp"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "replay/progress.hpp"
#include "replay/text.hpp"
#include "replay/what_if/report.hpp"

namespace virtscale::replay {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t documents_bytes_max = 1U << 20U;  // as the edge that applies them takes
constexpr std::string_view cluster_prefix = "kafka:";

// Between two looks of a shadow. An embedded log is opened anew for each, which takes longer the longer it is, and a
// shadow shall not take more than a tenth of a core for that.
constexpr std::chrono::milliseconds pause_min{500};
constexpr int pause_per_look = 10;

struct Words {
  std::vector<std::string> with;
  std::string policy_program;
  std::string from;
  std::string to;
  std::uint64_t seed = 1;
  bool shadow = false;
  double for_seconds = 0;  // 0: until it is interrupted
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
  if (documents.empty() && !files.empty())
    throw UsageError("--with: there is no document in it (kind: Contract, Service or Cell)");
  return documents;
}

void check(const Context& context, const Words& words) {
  if (words.with.empty() && words.policy_program.empty())
    throw UsageError("what is to be different? Name documents (--with FILE) or a program (--policy-binary FILE)");
  if (!words.shadow && words.for_seconds > 0) throw UsageError("--for says how long a --shadow lasts");
  if (!words.shadow) return;
  if (!words.to.empty()) throw UsageError("a --shadow goes on from now, or --from: write --for instead of --to");
  if (std::filesystem::is_regular_file(context.log))
    throw UsageError(context.log + " is a capsule, and nobody writes to it: leave --shadow out");
}

// --- The shadow ------------------------------------------------------------------------------------------------------

// The log as it grows: a directory is opened again for each look, and a cluster after a failure.
class LiveLog {
 public:
  explicit LiveLog(const Context& context) : context_(context), source_(open()) {}
  const LogSource& source() const { return source_; }
  Log& look() {
    if (failed_ || !context_.log.starts_with(cluster_prefix)) source_ = open();
    failed_ = false;
    return *source_.log;
  }
  void failed() { failed_ = true; }

 private:
  LogSource open() const { return open_log_source(context_.log, context_.kafka_properties); }

  const Context context_;
  LogSource source_;
  bool failed_ = false;
};

Instant wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(now).count()};
}

sigset_t interruptions() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

// True if it was interrupted meanwhile.
bool rest(std::chrono::nanoseconds pause) {
  const auto set = interruptions();
  const timespec time{pause.count() / 1'000'000'000, pause.count() % 1'000'000'000};
  return sigtimedwait(&set, nullptr, &time) > 0;
}

// A log that cannot be read at this moment is tried again; the same complaint is made once.
void follow(Shadow& shadow, LiveLog& live, std::string& complaint) {
  try {
    const auto now = wall_clock();
    shadow.follow(live.look(), now);
    complaint.clear();
  } catch (const LogError& error) {
    live.failed();
    if (complaint != error.what()) std::fprintf(stderr, "virtscale-replay: %s (it is tried again)\n", error.what());
    complaint = error.what();
  }
}

Exit run_shadow(const Context& context, const Words& words, std::vector<Document> documents) {
  const auto set = interruptions();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);  // before anything has a thread or a child
  LiveLog live(context);
  const bool is_text = context.format == Format::text;
  ShadowOptions options{.policy_program = words.policy_program, .seed = words.seed};
  if (!words.from.empty()) options.from = instant_of("--from", words.from, {});
  options.begun = is_text ? print_begun_text : print_begun_json;
  options.told = is_text ? print_turned_text : print_turned_json;
  Shadow shadow(live.source(), std::move(documents), std::move(options));
  const auto began = steady_clock::now();
  const auto until = began + std::chrono::duration_cast<steady_clock::duration>(
                                 std::chrono::duration<double>(words.for_seconds > 0 ? words.for_seconds : 1e9));
  std::string complaint;
  for (;;) {
    const auto looked = steady_clock::now();
    follow(shadow, live, complaint);
    const auto now = steady_clock::now();
    if (now >= until || shadow.records() >= shadow_records_max) break;
    const auto pause = std::max<steady_clock::duration>(pause_min, (now - looked) * pause_per_look);
    if (rest(std::min<steady_clock::duration>(pause, until - now))) break;
  }
  follow(shadow, live, complaint);
  const auto found = shadow.end();
  is_text ? print_text(found, words.seed) : print_summary_json(found, words.seed);
  return Exit::done;
}

Exit run(const Context& context, const Words& words, const ReadDocuments& read) {
  check(context, words);
  auto documents = documents_in(words.with, read);
  if (words.shadow) return run_shadow(context, words, std::move(documents));
  auto source = open_log_source(context.log, context.kafka_properties);
  Progress progress("what-if");
  WhatIfOptions options;
  options.range.from = instant_of("--from", words.from, options.range.from);
  options.range.to = instant_of("--to", words.to, options.range.to);
  options.seed = words.seed;
  options.policy_program = words.policy_program;
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
      app, "what-if", "Fold a recorded range under other documents or by another program, and list what changes",
      chosen, [words, read = std::move(read)](const Context& context) { return run(context, *words, read); });
  what_if->add_option("--with", words->with, "documents: contracts, services, cells")->type_name("FILE");
  what_if
      ->add_option("--policy-binary", words->policy_program,
                   "a virtscale-policy of another version, whose newest rules decide in place of this program's")
      ->type_name("FILE");
  what_if->add_option("--from", words->from, "the range: from this time on; all before is folded as it was")
      ->type_name("TIME");
  what_if->add_option("--to", words->to, "and before this time")->type_name("TIME");
  what_if->add_option("--seed", words->seed, "of what is modelled")->capture_default_str();
  what_if->add_flag("--shadow", words->shadow,
                    "live, beside what runs: tell each decision that turns, from now on or --from, until Ctrl-C");
  what_if->add_option("--for", words->for_seconds, "how long a shadow lasts, such as 30s, 10m or 8h")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}}))
      ->type_name("TIME");
  what_if->footer(
      "A document takes the place of those about the same org, service or cell in the range, or is applied when the\n"
      "range begins. The load stays as it was recorded. What the log cannot know, such as the boot of a domain that "
      "was\n"
      "never started, is drawn from the recorded times, and marked with ~.\n"
      "With the documents that were in force, or the program that decided, nothing is listed.\n"
      "A shadow reads, and joins no group; it is two seconds behind.\n"
      "Example: virtscale-replay what-if --log var/demo/data --with contract.yml --from 2026-04-21T02:00:00Z");
}

}  // namespace virtscale::replay
