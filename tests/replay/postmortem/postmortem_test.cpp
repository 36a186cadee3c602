#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdio>
#include <limits>

#include "replay/postmortem/counterfactual.hpp"
#include "replay/postmortem/draft.hpp"
#include "replay/postmortem/figures.hpp"
#include "replay/postmortem/words.hpp"
#include "replay/text.hpp"
#include "tests/replay/decision/recorded_scenario.hpp"
#include "tests/replay/decision/well_formed.hpp"

namespace virtscale::replay {
namespace {

using test::RecordedScenario;
using testing::HasSubstr;

void nothing(std::uint64_t, std::uint64_t) {}

struct Drafted {
  Case of;
  Proofs proofs;
  std::string markdown;
  std::string html;
};

Drafted drafted(const LogSource& source, Case of) {
  auto proofs = prove_lines(source, of.org, of.traces, nothing);
  const auto calendar = calendar_of(source, of.org, of.end, nothing);
  const auto document = draft_of(of, proofs, {calendar, "postmortem", "data", {"postmortem-line-2.tlog-proof"}, "evt"});
  return {std::move(of), std::move(proofs), to_markdown(document, "postmortem.html"), to_html(document)};
}

Drafted drafted(const RecordedScenario& recorded, std::string_view event) {
  const auto source = open_log_source(recorded.directory().string());
  return drafted(source, case_of(source, parse_scale(event), nothing));
}

std::string event_decided(const RecordedScenario& recorded, std::string_view decision) {
  for (const auto& line : recorded.lines("acme-tickets")) {
    const auto parsed = boost::json::parse(line);
    if (parsed.at("decision").as_string() == decision) return std::string(parsed.at("event").as_string());
  }
  ADD_FAILURE() << "no line is " << decision;
  return {};
}

std::string answers_in(const std::vector<Block>& blocks) {
  std::string answers;
  for (const auto& block : blocks) {
    const auto* table = std::get_if<DocumentTable>(&block);
    for (std::size_t i = 1; table != nullptr && i < table->rows.size(); ++i)
      answers += table->rows[i].front() + ": " + table->rows[i].back() + "\n";
  }
  return answers;
}

TEST(Postmortem, HasTheFiguresOfTheLedgerLine) {
  const RecordedScenario recorded("the_worked_example");
  const auto draft = drafted(recorded, "evt-25c0d1feaf2b");
  const auto line = boost::json::parse(recorded.lines("acme-tickets").at(2));
  const auto& parsed = draft.of.lines.front();
  EXPECT_EQ(parsed.line.elapsed_us, line.at("elapsed_us").as_int64());
  std::int64_t sum = 0;
  for (const auto& stretch : stretches_of(draft.of, parsed)) sum += (stretch.to - stretch.from).us;
  EXPECT_EQ(sum, parsed.line.elapsed_us) << "the parts of the loop are the whole of it";
  EXPECT_EQ((boot_of(draft.of, parsed)->to - boot_of(draft.of, parsed)->from).us, 28'000'000);
  for (const auto* expected : {"51.939 s", "28.000 s", "53.9 %", "from 8 to 9 replicas", "90 of 110 vCPU (81.8 %)",
                               "value 72, queue depth 240", "line 2; ledger/0@4", "RAM, GiB", "r3.05.nd-04a2c1"}) {
    EXPECT_THAT(draft.markdown, HasSubstr(expected));
    EXPECT_THAT(draft.html, HasSubstr(expected));
  }
}

TEST(Postmortem, IsDueByTheCalendarThatCameThroughTheLog) {
  const RecordedScenario recorded("a_postmortem_is_due_by_the_orgs_calendar");
  const auto draft = drafted(recorded, event_decided(recorded, "failed"));
  for (const auto* row :
       {"| Due | 2026-05-06 |",
        "| Counted | 10 business days after 2026-04-21, in Europe/Berlin; left out beside weekends: 2026-05-01 |",
        "| Calendar | de-berlin, version 1 \\[signals/0@1\\] |", "| Org | acme-tickets |"})
    EXPECT_THAT(draft.markdown, HasSubstr(row));
  EXPECT_THAT(draft.markdown, HasSubstr("Calendar de-berlin, version 1, of acme-tickets was applied."));
}

TEST(Postmortem, SaysSoWhereTheLogHasNoCalendar) {
  const RecordedScenario recorded("the_worked_example");
  const auto markdown = drafted(recorded, "evt-25c0d1feaf2b").markdown;
  for (const auto* row : {"| Due | 2026-05-05 |",
                          "| Counted | 10 business days after 2026-04-21, Monday to Friday in UTC: the log had no "
                          "calendar of the org, so no holiday is left out |",
                          "| Calendar | none |"})
    EXPECT_THAT(markdown, HasSubstr(row));
}

TEST(Postmortem, IsTheSameWhetherOrNotItWasMadeKnown) {
  const RecordedScenario recorded("a_postmortem_is_due_by_the_orgs_calendar");
  const auto event = event_decided(recorded, "failed");
  const auto source = open_log_source(recorded.directory().string());
  const auto trace = gather_trace(*source.log, parse_scale(event), nothing);
  const auto* drafted_record = first_of<schema::PostmortemDrafted>(trace);
  ASSERT_NE(drafted_record, nullptr) << "it is among what the log has of the event";
  const auto draft = drafted(recorded, event);
  EXPECT_EQ(first_of<schema::PostmortemDrafted>(draft.of.traces.front()), nullptr);
  EXPECT_NE(first_of<schema::DocumentFolded>(trace), nullptr);
  EXPECT_EQ(first_of<schema::DocumentFolded>(draft.of.traces.front()), nullptr);
  EXPECT_LT(draft.of.end, drafted_record->kept.timestamp);
  EXPECT_THAT(draft.markdown, testing::Not(HasSubstr("PostmortemDrafted")));
}

// The row of a record, from the record alone.
std::string row_of(const TracedRecord& record, Instant signal) {
  const auto at = to_text(record.kept.timestamp).substr(11, 12);
  char since[32];
  std::snprintf(since, sizeof since, "%.3f s", static_cast<double>((record.kept.timestamp - signal).us) / 1e6);
  return "<tr><td>" + at + "</td><td class=\"number\">" + since + "</td><td>" + author_of(record) + "</td>";
}

TEST(Postmortem, HasATimelineThatMatchesTheTraceRecordByRecord) {
  const RecordedScenario recorded("the_worked_example");
  const auto draft = drafted(recorded, "evt-25c0d1feaf2b");
  const auto source = open_log_source(recorded.directory().string());
  const auto trace = gather_trace(*source.log, parse_scale("evt-25c0d1feaf2b"), nothing);
  auto next = draft.html.find("<h2>Timeline</h2>");
  for (const auto& record : trace.records) {
    const auto begin = row_of(record, trace.records.front().kept.timestamp);
    const auto end = "<td>" + place(record.kept.at.of, record.kept.at.offset) + "</td></tr>";
    next = draft.html.find(begin, next);
    ASSERT_NE(next, std::string::npos) << begin << " is not there, or not in the order of the trace";
    EXPECT_LT(draft.html.find(end, next), draft.html.find("</tr>", next)) << end;
    next += begin.size();
  }
  EXPECT_LT(draft.html.find("Ledger line 2 is written"), draft.html.find("A checkpoint of 3 lines is signed"))
      << "what is asked for comes before its answer, in one and the same microsecond too";
}

struct Rectangle {
  double x = 0;
  double width = 0;
};

std::vector<Rectangle> bars_in(const std::string& svg) {
  std::vector<Rectangle> bars;
  for (auto at = svg.find("<rect "); at != svg.npos; at = svg.find("<rect ", at + 1)) {
    Rectangle bar;
    double y = 0;
    EXPECT_EQ(std::sscanf(svg.c_str() + at, R"(<rect x="%lf" y="%lf" width="%lf")", &bar.x, &y, &bar.width), 3);
    bars.push_back(bar);
  }
  return bars;
}

TEST(Postmortem, DrawsTheLoopToScaleAndWithTheFiguresOfTheLine) {
  const RecordedScenario recorded("the_worked_example");
  const auto source = open_log_source(recorded.directory().string());
  const auto of = case_of(source, parse_scale("evt-25c0d1feaf2b"), nothing);
  const auto figure = loop_figure(of);
  const auto stretches = stretches_of(of, of.lines.front());
  const auto bars = bars_in(figure.svg);
  ASSERT_EQ(bars.size(), stretches.size());
  const auto elapsed = static_cast<double>(of.lines.front().line.elapsed_us);
  const auto whole = bars.back().x + bars.back().width - bars.front().x;
  constexpr double rounding = 2;  // of the shortest, which would not be seen otherwise
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const auto begin = static_cast<double>((stretches[i].from - of.begin).us) / elapsed * whole;
    const auto width = static_cast<double>((stretches[i].to - stretches[i].from).us) / elapsed * whole;
    EXPECT_NEAR(bars[i].x - bars.front().x, begin, rounding) << stretches[i].name;
    EXPECT_NEAR(bars[i].width, width, rounding) << stretches[i].name;
    EXPECT_THAT(figure.svg, HasSubstr(">" + seconds_text((stretches[i].to - stretches[i].from).us) + "<"));
  }
}

TEST(Postmortem, IsAPageThatStandsAloneWithThreePictures) {
  const RecordedScenario recorded("the_worked_example");
  const auto page = drafted(recorded, "evt-25c0d1feaf2b").html;
  EXPECT_EQ(test::fault_of_page(page), "");
  std::size_t pictures = 0;
  for (auto at = page.find("<svg"); at != page.npos; at = page.find("<svg", at + 1)) ++pictures;
  EXPECT_EQ(pictures, 3U);
  EXPECT_THAT(page, HasSubstr("@media print"));
}

TEST(Postmortem, LeavesToPeopleWhatIsTheirs) {
  const RecordedScenario recorded("the_worked_example");
  const auto markdown = drafted(recorded, "evt-25c0d1feaf2b").markdown;
  for (const auto* heading : {"## Root cause\n\n> **To be written.**", "## Lessons\n\n> **To be written.**",
                              "## Resolution\n\n> **To be written.**"}) {
    EXPECT_THAT(markdown, HasSubstr(heading));
  }
  EXPECT_THAT(markdown, HasSubstr("\n|  |  |\n| --- | --- |\n| Status | Draft |\n")) << "a table to every renderer";
  EXPECT_THAT(drafted(recorded, "evt-25c0d1feaf2b").html, HasSubstr("<td class=\"open\">to be written</td>"));
}

TEST(Postmortem, ProvesItsLinesFromTheLogAlone) {
  const RecordedScenario recorded("the_worked_example");
  const auto draft = drafted(recorded, "evt-25c0d1feaf2b");
  ASSERT_EQ(draft.proofs.proofs.size(), 1U);
  const auto& proof = draft.proofs.proofs.front();
  EXPECT_EQ(proof.line, recorded.lines("acme-tickets").at(2));
  EXPECT_EQ(ledger::line_in(ledger::with_line(proof)), proof.line);
  const auto checked = ledger::check_proof(proof.text, proof.line, {});
  ASSERT_EQ(checked.faults.size(), 1U) << "only the signature is not known";
  EXPECT_THAT(checked.faults.front().where, HasSubstr("checkpoint"));
  EXPECT_THAT(draft.markdown, HasSubstr(draft.proofs.checkpoint));
}

TEST(Postmortem, AsksTheGateUnderEachOverageOnOffer) {
  const RecordedScenario recorded("the_worked_example");
  const auto draft = drafted(recorded, "evt-25c0d1feaf2b");
  EXPECT_EQ(answers_in(counterfactual_of(draft.of.lines.front())),
            "+0 %: admitted\n+5 %: admitted\n+10 % (in force): admitted\n+20 %: admitted\n");
}

TEST(Postmortem, OfARefusalNamesWhatWouldHaveAdmittedIt) {
  const RecordedScenario recorded("a_refusal_that_stands_is_one_event");
  const auto draft = drafted(recorded, event_decided(recorded, "refused"));
  EXPECT_EQ(answers_in(counterfactual_of(draft.of.lines.front())),
            "+0 %: refused: vcpu binds\n+5 %: refused: vcpu binds\n+10 % (in force): refused: vcpu binds\n"
            "+20 %: admitted\n");
  EXPECT_THAT(draft.markdown, HasSubstr("policy refused the scale from"));
  EXPECT_THAT(draft.markdown, HasSubstr("The org's owner had mail"));
  EXPECT_THAT(draft.markdown, HasSubstr("The refusal stood until"));
  EXPECT_EQ(test::fault_of_page(draft.html), "");
}

TEST(Postmortem, OfAFailureSaysWhichDomainFailedAndWhy) {
  const RecordedScenario recorded("a_domain_that_never_serves_is_stopped");
  const auto draft = drafted(recorded, event_decided(recorded, "failed"));
  EXPECT_THAT(draft.markdown, HasSubstr("It did not come about: "));
  EXPECT_THAT(draft.markdown, HasSubstr(" failed: "));
  EXPECT_THAT(draft.markdown, HasSubstr("the service stayed short of 1 domain."));
  ASSERT_FALSE(draft.of.admissions.empty());
  EXPECT_EQ(draft.of.admissions.back().replicas, draft.of.lines.front().line.from) << "what failed is given back";
  EXPECT_EQ(test::fault_of_page(draft.html), "");
}

TEST(Postmortem, OfARangeHasARowForEachLine) {
  const RecordedScenario recorded("the_worked_example");
  const auto source = open_log_source(recorded.directory().string());
  const auto draft =
      drafted(source, case_of(source, "acme-tickets", {}, {std::numeric_limits<std::int64_t>::max()}, nothing));
  EXPECT_EQ(draft.of.lines.size(), 3U);
  for (const auto& line : draft.of.lines) EXPECT_THAT(draft.markdown, HasSubstr(line.line.event));
  EXPECT_EQ(test::fault_of_page(draft.html), "");
}

TEST(Postmortem, TellsShortTimesInMilliseconds) {
  EXPECT_EQ(seconds_text(51'939'000), "51.939 s");
  EXPECT_EQ(seconds_text(10'000), "0.010 s");
  EXPECT_EQ(seconds_text(9'999), "9.999 ms");
  EXPECT_EQ(seconds_text(84), "0.084 ms");
  EXPECT_EQ(seconds_text(-84), "-0.084 ms");
  EXPECT_EQ(seconds_text(0), "0.000 s");
}

TEST(Postmortem, EscapesWhatComesFromOutside) {
  const Document document{"<b>", "", {Paragraph{{{"an alert named <script>alert(1)</script> | `x`", {}}}}}};
  EXPECT_THAT(to_html(document), testing::Not(HasSubstr("<script")));
  EXPECT_THAT(to_markdown(document, ""), HasSubstr("\\<script\\>alert(1)\\</script\\> \\| \\`x\\`"));
}

}  // namespace
}  // namespace virtscale::replay
