#include "replay/trace/command.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "replay/decision/states.hpp"
#include "replay/index/command.hpp"
#include "replay/progress.hpp"
#include "replay/trace/views.hpp"

namespace virtscale::replay {
namespace {

struct Words {
  std::string event;
  std::string html;
  bool state = false;
  bool no_state = false;
  IndexChoice index;
};

ScaleId scale_named(const std::string& text) {
  const auto scale = parse_scale(text);
  if (!scale) throw UsageError(text + " is not the name of a scale event: write it as evt-7f3a91c04be2");
  return scale;
}

Trace trace_in(const LogSource& source, ScaleId scale, const Words& words) {
  StateIndex index(source);
  Progress finding("trace: finding");
  auto trace = gather_trace(*source.log, index, scale, [&](auto done, auto expected) { finding.show(done, expected); });
  finding.clear();
  StateFolder states(*source.log, index, trace);
  const bool may_fold = words.state || states.cost() <= folded_unasked_max;
  Progress folding("trace: folding");
  if (may_fold && !words.no_state) states.run([&](auto done, auto expected) { folding.show(done, expected); });
  return trace;
}

void write_page(const std::string& file, const std::string& page) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << page;
  if (!out.flush()) throw std::runtime_error(file + ": cannot be written (check the directory and its space)");
}

Exit run(const Context& context, const Words& words) {
  const auto scale = scale_named(words.event);
  const auto source = open_indexed(context, words.index);
  const auto trace = trace_in(source, scale, words);
  if (!words.html.empty()) {
    write_page(words.html, trace_html(trace));
  } else if (context.format == Format::json) {
    std::printf("%s\n", trace_json(trace).c_str());
  } else {
    std::printf("%s", trace_text(trace).c_str());
  }
  return Exit::done;
}

}  // namespace

void add_trace_command(CLI::App& app, Chosen& chosen) {
  auto words = std::make_shared<Words>();
  auto* trace = add_command(app, "trace", "Show a decision as a tree: every record of every topic, and what it changed",
                            chosen, [words](const Context& context) { return run(context, *words); });
  trace->add_option("EVT", words->event, "the scale event, such as evt-7f3a91c04be2")->required();
  trace->add_option("--html", words->html, "write a page to FILE, instead of printing")->type_name("FILE");
  auto* state = trace->add_flag("--state", words->state, "fold for the states, however many records that takes");
  trace->add_flag("--no-state", words->no_state, "do not fold: records, causes and times only")->excludes(state);
  add_index_options(*trace, words->index);
  trace->footer(
      "Records are found by place and time. Rows before and after, effects asked and timers need the fold of the\n"
      "partitions concerned, from their beginning or the nearest state that `virtscale-replay index` has stored: "
      "without\n"
      "--state that is done up to 300,000 records.\n"
      "Example: virtscale-replay trace evt-25c0d1feaf2b --log var/demo/data");
}

}  // namespace virtscale::replay
