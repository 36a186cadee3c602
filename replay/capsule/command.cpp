#include "replay/capsule/command.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "replay/capsule/make.hpp"
#include "replay/index/command.hpp"
#include "replay/progress.hpp"
#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

namespace json = boost::json;

struct Words {
  std::string event;
  std::string org;
  std::string from;
  std::string to;
  std::string out;
  bool redact = false;
  IndexChoice index;
};

Instant instant_of(const std::string& option, const std::string& text, Instant otherwise) {
  if (text.empty()) return otherwise;
  const auto at = parse_instant(text);
  if (!at) throw UsageError(option + " " + text + ": write a time as 2026-04-21T02:14:00Z, or microseconds since 1970");
  return *at;
}

CapsuleOrder order_of(const Words& words) {
  CapsuleOrder order;
  if (!words.event.empty()) {
    order.scale = parse_scale(words.event);
    if (!order.scale) throw UsageError(words.event + ": a scale event is named like evt-7f3a91c04be2");
    if (!words.org.empty() || !words.from.empty() || !words.to.empty())
      throw UsageError("name a scale event, or a range with --org, --from and --to; not both");
  }
  order.org = words.org;
  order.from = instant_of("--from", words.from, order.from);
  order.to = instant_of("--to", words.to, order.to);
  if (order.to <= order.from) throw UsageError("--to must be later than --from");
  order.privacy = words.redact ? Privacy::redacted : Privacy::as_recorded;
  order.out = words.out;
  return order;
}

void print_json(const CapsuleReport& report, const std::string& out) {
  json::array widened;
  for (const auto& why : report.widened) widened.emplace_back(why);
  const json::object object = {{"file", out},
                               {"records", report.records},
                               {"bytes", report.bytes},
                               {"scope", name_of(report.scope)},
                               {"hash", report.hash},
                               {"widened", std::move(widened)},
                               {"replaced", report.replaced}};
  std::printf("%s\n", json::serialize(object).c_str());
}

const char* text_of(Scope scope) {
  switch (scope) {
    case Scope::thread:
      return "of the scale event and what caused it";
    case Scope::org:
      return "of the org in that time";
    case Scope::window:
      return "of all orgs in that time, with their state";
    default:
      return "of all orgs in that time, with all state";
  }
}

void print_text(const CapsuleReport& report, const CapsuleOrder& order) {
  std::printf("%s: %s records %s, %s bytes\n", order.out.c_str(), with_commas(report.records).c_str(),
              text_of(report.scope), with_commas(report.bytes).c_str());
  for (const auto& why : report.widened) std::printf("more than %s\n", why.c_str());
  if (order.privacy == Privacy::redacted)
    std::printf("%s addresses and mail were given pseudonyms\n", with_commas(report.replaced).c_str());
  std::printf("folded from its own state it gives the recorded events; sha256 %s\n", report.hash.c_str());
}

Exit run(const Context& context, const Words& words) {
  const auto order = order_of(words);
  const auto source = open_indexed(context, words.index);
  Progress progress("capsule");
  const auto report =
      make_capsule(source, order, [&](std::uint64_t seen, std::uint64_t expected) { progress.show(seen, expected); });
  progress.clear();
  context.format == Format::json ? print_json(report, words.out) : print_text(report, order);
  return Exit::done;
}

}  // namespace

void add_capsule_command(CLI::App& app, Chosen& chosen) {
  auto words = std::make_shared<Words>();
  auto* capsule = add_command(app, "capsule", "Cut out the part of the log that a decision depends on, into one file",
                              chosen, [words](const Context& context) { return run(context, *words); });
  capsule->add_option("event", words->event, "a scale event, such as evt-7f3a91c04be2")->type_name("EVT");
  capsule->add_option("--org", words->org, "or all of an org");
  capsule->add_option("--from", words->from, "or a range of time: from this time on")->type_name("TIME");
  capsule->add_option("--to", words->to, "and before this time")->type_name("TIME");
  capsule->add_option("--out", words->out, "the capsule; must not be there yet")->required()->type_name("FILE");
  capsule->add_flag("--redact", words->redact, "addresses and mail become pseudonyms");
  add_index_options(*capsule, words->index);
  capsule->footer(
      "The file is a tar: the log, the state before it, public keys, and MANIFEST with the SHA-256 of each. Every "
      "command\n"
      "opens it with --log FILE, and needs nothing else.\n"
      "What is left out does not matter for what is in it: the cut is folded before it is written, and must give the\n"
      "recorded events. If it does not, more is taken: all of the org in that time, then all orgs.\n"
      "Example: virtscale-replay capsule evt-7f3a91c04be2 --log var/demo/data --out decision.capsule");
}

}  // namespace virtscale::replay
