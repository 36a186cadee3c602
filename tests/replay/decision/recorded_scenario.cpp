#include "tests/replay/decision/recorded_scenario.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/adapters/segment/segment_log.hpp"

namespace virtscale::test {
namespace {

struct Copied {
  Ticket ticket;
  Instant timestamp;
  TopicPartition of;
  std::string key;
  std::vector<std::byte> value;
};

std::vector<Copied> records_of(Log& log) {
  std::vector<Copied> records;
  for (std::size_t topic = 0; topic < topics_count; ++topic) {
    const TopicPartition of{static_cast<Topic>(topic), 0};
    log.read(of, 0, SIZE_MAX, [&](const LogRecord& record) {
      records.push_back(
          {record.ticket, record.timestamp, of, std::string(record.key), {record.value.begin(), record.value.end()}});
      return true;
    });
  }
  // A batch has one ticket; within it the order of topics does no harm, since nothing in it causes the rest.
  std::ranges::stable_sort(records, {}, &Copied::ticket);
  return records;
}

}  // namespace

RecordedScenario::RecordedScenario(const std::string& name) : scenario_(scenario_file(name)) {
  scenario_.run();
  write(scenario_.world().log);
}

const std::vector<std::string>& RecordedScenario::lines(const std::string& org) const {
  auto [known, is_new] = lines_.try_emplace(org);
  if (is_new) known->second = scenario_.world().ledger(org);
  return known->second;
}

void RecordedScenario::write(Log& from) const {
  ManualClock clock;
  const auto log = open_segment_log({.directory = directory() / "log", .clock = &clock}).log;
  for (const auto& record : records_of(from)) {
    clock.set(record.timestamp);
    const LogAppend append{record.of, record.key, record.value};
    log->append({&append, 1});
  }
  log->sync();
}

}  // namespace virtscale::test
