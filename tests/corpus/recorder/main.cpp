// Records the corpus: every scenario, and a day of a town, each as a capsule in the directory that is named.
#include <algorithm>
#include <cstdio>

#include "replay/capsule/make.hpp"
#include "replay/capsule/segment_file.hpp"
#include "replay/capsule_file.hpp"
#include "tests/replay/town/town.hpp"
#include "tests/scenarios/scenario.hpp"

namespace {

using namespace virtscale;
using namespace virtscale::replay;
namespace fs = std::filesystem;

struct Recorded {
  Ticket ticket = 0;
  KeptRecord record;
};

// In the order of the log: one sequence for all topics.
std::vector<KeptRecord> records_of(Log& log) {
  std::vector<Recorded> all;
  for (std::size_t topic = 0; topic < topics_count; ++topic) {
    const TopicPartition of{static_cast<Topic>(topic), 0};
    log.read(of, 0, SIZE_MAX, [&](const LogRecord& record) {
      all.push_back({record.ticket,
                     {{of, record.offset},
                      record.timestamp,
                      std::string(record.key),
                      {record.value.begin(), record.value.end()}}});
      return true;
    });
  }
  std::ranges::stable_sort(all, {}, &Recorded::ticket);
  std::vector<KeptRecord> records;
  for (auto& one : all) records.push_back(std::move(one.record));
  return records;
}

void record_scenario(const std::string& name, const fs::path& into) {
  test::Scenario scenario(test::scenario_file(name));
  scenario.run();
  const TemporaryDirectory staging;
  auto& log = scenario.world().log;
  write_segment_log(staging.path() / "log", log.layout(), {}, records_of(log));
  pack_capsule(staging.path(), "scenario: " + name + "\n", into / (name + ".capsule"));
}

// Two partitions for most topics; two orgs that grow, are refused, and shrink.
void record_town(const fs::path& into) {
  const TemporaryDirectory folder;
  LogLayout layout;
  layout.partitions = {2, 2, 1, 2, 2, 1, 1};
  test::Town town(folder.path(), layout);
  town.build_cell(2);
  for (const auto* org : {"acme", "bolt"}) {
    town.sign_contract(org, org == std::string("acme") ? 30 : 60);
    town.open_service(org);
  }
  town.pass(seconds(100));
  for (int round = 0; round < 4; ++round) {
    for (const auto* org : {"acme", "bolt"}) town.request(org, 1);
    town.alert("bolt", "hot", 90);
    town.pass(seconds(90));
    town.resolve("bolt", "hot");
  }
  town.alert("bolt", "cold", 5);
  town.pass(seconds(300));
  town.sync();
  auto source = open_log_source(folder.path().string());
  make_capsule(source, {.out = into / "a_town.capsule"}, {});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "corpus_recorder DIR\n"), 2;
  const fs::path into = argv[1];
  try {
    for (const auto& name : test::scenario_names()) record_scenario(name, into);
    record_town(into);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "corpus_recorder: %s\n", error.what()), 1;
  }
}
