#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "replay/command.hpp"
#include "replay/decision/states.hpp"
#include "replay/log_source.hpp"
#include "replay/trace/detail.hpp"
#include "replay/trace/views.hpp"
#include "tests/replay/decision/recorded_scenario.hpp"
#include "tests/replay/decision/well_formed.hpp"

namespace virtscale::replay {
namespace {

using test::RecordedScenario;

void nothing(std::uint64_t, std::uint64_t) {}

Trace gathered(const RecordedScenario& recorded, std::string_view event) {
  auto source = open_log_source(recorded.directory().string());
  return gather_trace(*source.log, parse_scale(event), nothing);
}

Trace folded(const RecordedScenario& recorded, std::string_view event) {
  auto source = open_log_source(recorded.directory().string());
  StateIndex index(source);
  auto trace = gather_trace(*source.log, index, parse_scale(event), nothing);
  StateFolder(*source.log, index, trace).run(nothing);
  return trace;
}

std::vector<std::string> names_of(const Trace& trace) {
  std::vector<std::string> names;
  for (const auto& record : trace.records) names.push_back(head_of(trace, record).name);
  return names;
}

std::string all_details(const Trace& trace) {
  std::string text;
  for (const auto& record : trace.records) {
    for (const auto& detail : details_of(trace, record))
      text += std::string(name_of(detail.kind)) + " " + detail.text + "\n";
  }
  return text;
}

// The event of the org's n-th ledger line.
std::string event_of_line(const RecordedScenario& recorded, std::size_t index) {
  const auto lines = recorded.lines("acme-tickets");
  return std::string(boost::json::parse(lines.at(index)).at("event").as_string());
}

TEST(Trace, HasTheRecordsOfEachStageInCausalOrder) {
  const RecordedScenario recorded("the_worked_example");
  const auto trace = gathered(recorded, "evt-25c0d1feaf2b");
  EXPECT_THAT(names_of(trace),
              testing::ElementsAre("AlertRaised", "ScaleWanted", "ScaleAdmitted", "ScaleDecided", "DomainPlaced",
                                   "DomainSpawned", "DomainRunning", "DomainStarted", "LivenessPassed", "BackendAdded",
                                   "DomainServing", "LineAppended", "CheckpointSigned", "CheckpointPublished"));
  for (std::size_t i = 1; i < trace.records.size(); ++i) {
    ASSERT_TRUE(trace.records[i].cause) << i;
    EXPECT_LT(*trace.records[i].cause, i);
  }
  EXPECT_TRUE(trace.settled);
  EXPECT_EQ(trace.org, "acme-tickets");
}

TEST(Trace, ReadsTheRecordsAroundTheEventOnly) {
  const RecordedScenario recorded("the_worked_example");
  const auto trace = gathered(recorded, "evt-25c0d1feaf2b");
  // 83 records came before and with it; those of a quarter of an hour earlier are not looked at.
  EXPECT_LT(trace.records_read, 20U);
}

TEST(Trace, TellsWhatEachRecordChangedAndAskedAndWhoAnswered) {
  const RecordedScenario recorded("the_worked_example");
  const auto text = all_details(folded(recorded, "evt-25c0d1feaf2b"));
  for (const auto* expected :
       {"sets timer every/acme-tickets/web/webautoscale.cpu.hi for 2026-04-21T02:15:00.122000Z",
        "changed policy usage acme-tickets: reserved.vcpu_milli 0 → 10000",
        "changed policy usage acme-tickets: committed.vcpu_milli 80000 → 90000",
        "made policy domains acme-tickets/web/web-25c0d1feaf2b-1: ",
        "asks StartDomain (orchestration/0@11.1): domain web-25c0d1feaf2b-1", "DomainSpawned answers after 0.116 s",
        "LivenessPassed answers after 28.000 s", "BackendAdded answers after 2.763 s",
        "changed dataplane homes acme-tickets/web: serving 8 → 9", "changed audit ledgers acme-tickets: size 2 → 3"}) {
    EXPECT_THAT(text, testing::HasSubstr(expected));
  }
}

TEST(Trace, IsATreeForTheTerminal) {
  const RecordedScenario recorded("the_worked_example");
  const auto text = trace_text(folded(recorded, "evt-25c0d1feaf2b"));
  EXPECT_THAT(text,
              testing::StartsWith("evt-25c0d1feaf2b of acme-tickets\n"
                                  "ledger line 2: acme-tickets/web admitted from 8 to 9 replicas, 51.939 s after"));
  EXPECT_THAT(text, testing::HasSubstr("   +0.000 s  AlertRaised  alerts/0@2  from outside\n"));
  EXPECT_THAT(text, testing::HasSubstr("  +12.296 s  └─ ScaleWanted  signals/0@11  by signal/0@2.0, lane 3\n"));
  EXPECT_THAT(text, testing::HasSubstr("  +13.995 s     │  └─ DomainSpawned  decisions/0@12  from outside, answers "
                                       "orchestration/0@11.1\n"));
}

TEST(Trace, IsJsonWithTheRowsWhole) {
  const RecordedScenario recorded("the_worked_example");
  const auto trace = boost::json::parse(trace_json(folded(recorded, "evt-25c0d1feaf2b")));
  EXPECT_EQ(trace.at("records").as_array().size(), 14U);
  const auto& wanted = trace.at("records").at(1);
  EXPECT_EQ(wanted.at("name"), "ScaleWanted");
  EXPECT_EQ(wanted.at("cause"), "alerts/0@2");
  EXPECT_EQ(wanted.at("since_us"), 12'296'000);
  bool seen = false;
  for (const auto& change : wanted.at("changes").as_array()) {
    if (change.at("table") != "usage") continue;
    seen = true;
    EXPECT_EQ(change.at("before").at("reserved").at("vcpu_milli"), 0);
    EXPECT_EQ(change.at("after").at("reserved").at("vcpu_milli"), 10'000);
  }
  EXPECT_TRUE(seen);
}

TEST(Trace, IsAPageThatStandsAlone) {
  const RecordedScenario recorded("the_worked_example");
  const auto page = trace_html(folded(recorded, "evt-25c0d1feaf2b"));
  EXPECT_EQ(test::fault_of_page(page), "");
  EXPECT_THAT(page, testing::HasSubstr("DomainServing"));
}

TEST(Trace, OfARefusalThatStoodHasItsMailAndItsEnd) {
  const RecordedScenario recorded("a_refusal_that_stands_is_one_event");
  const auto lines = recorded.lines("acme-tickets");
  std::string refused;
  for (const auto& line : lines) {
    const auto parsed = boost::json::parse(line);
    if (refused.empty() && parsed.at("decision") == "refused") refused = parsed.at("event").as_string();
  }
  const auto trace = folded(recorded, refused);
  const auto names = names_of(trace);
  EXPECT_THAT(names, testing::IsSupersetOf({"ScaleWanted", "ScaleDecided", "OwnerNotified", "RefusalEnded"}));
  EXPECT_EQ(std::ranges::count(names, "LineAppended"), 2);
  EXPECT_THAT(names, testing::Not(testing::Contains("ScaleAdmitted")));
  EXPECT_THAT(all_details(trace), testing::HasSubstr("asks SendMail"));
}

TEST(Trace, OfADomainThatNeverServedHasItsFailure) {
  const RecordedScenario recorded("a_domain_that_never_serves_is_stopped");
  const auto lines = recorded.lines("acme-tickets");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (boost::json::parse(lines[i]).at("decision") != "failed") continue;
    const auto trace = folded(recorded, event_of_line(recorded, i));
    EXPECT_THAT(names_of(trace),
                testing::IsSupersetOf({"LivenessFailed", "BackendFailed", "DomainHalted", "DomainFailed"}));
    EXPECT_THAT(summary_of(trace).front(), testing::HasSubstr(" failed from "));
    return;
  }
  FAIL() << "no line of the scenario is of a failure";
}

TEST(Trace, LinksATimerToTheRecordThatSetIt) {
  const RecordedScenario recorded("who_finds_no_room_waits_30_s");
  const auto failed = boost::json::parse(recorded.lines("small-shop").front());
  const auto trace = folded(recorded, failed.at("event").as_string());
  const auto* timer = first_of<schema::TimerFired>(trace);
  ASSERT_NE(timer, nullptr);
  ASSERT_TRUE(timer->cause);
  EXPECT_EQ(head_of(trace, trace.records[*timer->cause]).name, "ScaleAdmitted");
}

TEST(Trace, OfWhatTheLogDoesNotHaveIsNotFound) {
  const RecordedScenario recorded("the_worked_example");
  EXPECT_THROW(gathered(recorded, "evt-000000000001"), NotFound);
}

}  // namespace
}  // namespace virtscale::replay
