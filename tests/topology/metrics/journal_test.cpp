#include "topology/adapters/logging/journal.hpp"

#include <gmock/gmock.h>

namespace virtscale {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

std::string written(Severity least, JournalFormat format, const JournalEntry& entry) {
  testing::internal::CaptureStderr();
  make_journal(least, format)->write(entry);
  return testing::internal::GetCapturedStderr();
}

TEST(Journal, WritesOneJsonObjectALine) {
  EXPECT_THAT(written(Severity::info, JournalFormat::json,
                      {.severity = Severity::warning,
                       .stage = "policy",
                       .scale = {0x7f3a91c04be2},
                       .message = "a mail {failed}",
                       .fields = {{"reason", "say \"no\"\n{\"level\":\"forged\"}"}}}),
              MatchesRegex(R"(\{"at":"[-0-9T:.]*Z","level":"warning","message":"a mail \{failed\}","stage":"policy",)"
                           R"("event":"evt-7f3a91c04be2","reason":"say \\"no\\"\\u000a\{\\"level\\":\\"forged\\"\}"\})"
                           "\n"));
}

TEST(Journal, WritesTextForPeople) {
  EXPECT_THAT(
      written(Severity::info, JournalFormat::text, {.stage = "audit", .message = "signed", .fields = {{"lines", "3"}}}),
      AllOf(HasSubstr("info"), HasSubstr("audit: signed lines=\"3\"\n")));
}

TEST(Journal, LeavesOutWhatIsLessThanAskedFor) {
  EXPECT_EQ(written(Severity::error, JournalFormat::text, {.severity = Severity::warning, .message = "x"}), "");
}

TEST(Journal, CutsWhatIsTooLong) {
  const std::string endless(100'000, 'x');
  EXPECT_LT(written(Severity::info, JournalFormat::json, {.message = endless}).size(), 5'000u);
}

}  // namespace
}  // namespace virtscale
