// What `virtscale postmortem` reads in a draft, and what it says of one.
#include "compose/cli/postmortem.hpp"

#include <gtest/gtest.h>

namespace virtscale::cli {
namespace {

constexpr std::string_view draft = R"(# Postmortem: evt-25c0d1feaf2b of acme-tickets/web

A draft.

|  |  |
| --- | --- |
| Status | Draft |
| Due | 2026-05-06 |
| Counted | 10 business days after 2026-04-21, in Europe/Berlin |
| Calendar | de-berlin, version 3 \[signals/0@1\] |
| Org | acme-tickets |
| Service | web |
| Scale event | evt-25c0d1feaf2b |
| Authors | to be written |

## Summary

> **To be written.** In two sentences.

| Org | not the head any more |
)";

std::string with(std::string_view from, std::string_view to) {
  std::string text(draft);
  const auto at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(PostmortemHead, IsReadFromTheDraftsOwnTable) {
  const auto head = read_head(draft);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->org, "acme-tickets");
  EXPECT_EQ(head->event, "evt-25c0d1feaf2b");
  EXPECT_EQ(head->due, "2026-05-06");
  EXPECT_EQ(head->calendar, "de-berlin, version 3");
  EXPECT_EQ(head->status, "Draft");
}

TEST(PostmortemHead, MayNameNoCalendarAndSeveralEvents) {
  EXPECT_EQ(read_head(with("de-berlin, version 3 \\[signals/0@1\\]", "none"))->calendar, "");
  EXPECT_EQ(read_head(with("| evt-25c0d1feaf2b", "| 3, listed below"))->event, "");
}

TEST(PostmortemHead, IsNeededWhole) {
  EXPECT_FALSE(read_head(with("| Due |", "| Dew |")));
  EXPECT_FALSE(read_head(with("| Org | acme-tickets |\n", ""))) << "what stands behind the head is not of it";
  EXPECT_FALSE(read_head(""));
  EXPECT_FALSE(read_head("| Org"));
}

TEST(PostmortemHead, IsReadWhateverTheLinesEndIn) {
  std::string dos;
  for (const char c : draft) dos += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(read_head(dos)->org, "acme-tickets");
}

TEST(Postmortem, IsOpenAsLongAsAnythingIsToBeWritten) {
  EXPECT_EQ(first_open_place(draft)->line, 7U) << "the status";
  auto text = with("| Status | Draft |", "| Status | Closed |");
  EXPECT_EQ(first_open_place(text)->text, "| Authors | to be written |");
  text.replace(text.find("to be written"), 13, "the shift");
  EXPECT_EQ(first_open_place(text)->text, "> **To be written.** In two sentences.");
  text.replace(text.find("> **To be written.** In"), 23, "In");
  EXPECT_FALSE(first_open_place(text));
}

TEST(Postmortem, IsOverdueOnTheDayAfterItWasDue) {
  EXPECT_EQ(standing_of("open", "2026-05-06", "2026-05-05"), "due");
  EXPECT_EQ(standing_of("open", "2026-05-06", "2026-05-06"), "due");
  EXPECT_EQ(standing_of("open", "2026-05-06", "2026-05-07"), "overdue");
  EXPECT_EQ(standing_of("closed", "2026-05-06", "2027-01-01"), "done");
}

}  // namespace
}  // namespace virtscale::cli
