#include "replay/index/command.hpp"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include "replay/index/build.hpp"
#include "replay/progress.hpp"
#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

struct Words {
  std::string out;
  std::uint64_t every = index_every_default;
};

fs::path directory_of(const Context& context, const Words& words) {
  if (!words.out.empty()) return words.out;
  if (fs::is_directory(context.log)) return fs::path(context.log) / index_name;
  throw UsageError(context.log + " is no directory to put an index into: name one with --out DIR");
}

void print(const Context& context, const fs::path& directory, const IndexReport& report) {
  const auto rate = std::llround(static_cast<double>(report.records) / std::max(report.seconds, 1e-6));
  if (context.format == Format::json) {
    std::printf("{\"records\": %llu, \"states\": %llu, \"bytes\": %llu, \"records_per_s\": %lld}\n",
                static_cast<unsigned long long>(report.records), static_cast<unsigned long long>(report.states),
                static_cast<unsigned long long>(report.bytes), rate);
    return;
  }
  std::printf("%s: %s records folded, %s a second; %s states in %s bytes\n", directory.c_str(),
              with_commas(report.records).c_str(), with_commas(static_cast<std::uint64_t>(rate)).c_str(),
              with_commas(report.states).c_str(), with_commas(report.bytes).c_str());
}

Exit run(const Context& context, const Words& words) {
  const auto directory = directory_of(context, words);
  auto source = open_log_source(context.log, context.kafka_properties);
  Progress progress("index");
  const auto report = build_index(source, directory, words.every, [&](std::uint64_t folded, std::uint64_t expected) {
    progress.show(folded, expected);
  });
  progress.clear();
  print(context, directory, report);
  return Exit::done;
}

}  // namespace

void add_index_command(CLI::App& app, Chosen& chosen) {
  auto words = std::make_shared<Words>();
  auto* index =
      add_command(app, "index", "Store states along the log, so that trace, capsule and at need not fold it all",
                  chosen, [words](const Context& context) { return run(context, *words); });
  index->add_option("--out", words->out, "where; otherwise replay-index in the log's directory, where it is found")
      ->type_name("DIR");
  index->add_option("--every", words->every, "records of the log between two states of a partition")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1'000}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  index->footer(
      "Run it again when the log has grown: it goes on from where it was. It can be removed at any time. `verify` "
      "makes\n"
      "no use of it, so what it says does not depend on it.\n"
      "Example: virtscale-replay index --log var/demo/data");
}

void add_index_options(CLI::App& command, IndexChoice& choice) {
  auto* directory = command
                        .add_option("--index", choice.directory,
                                    "states stored by `virtscale-replay index`; otherwise those in the log's directory")
                        ->type_name("DIR");
  command.add_flag("--no-index", choice.none, "fold from the beginning, even if there is an index")
      ->excludes(directory);
}

LogSource open_indexed(const Context& context, const IndexChoice& choice) {
  auto source = open_log_source(context.log, context.kafka_properties);
  if (choice.none) source.index.clear();
  if (choice.directory.empty()) return source;
  if (!fs::is_directory(choice.directory))
    throw UsageError("--index " + choice.directory +
                     ": there is no such directory (make it with `virtscale-replay index"
                     " --out " +
                     choice.directory + "`)");
  source.index = choice.directory;
  return source;
}

}  // namespace virtscale::replay
