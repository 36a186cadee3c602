// Lines are canonical, bounded, and valid whatever the strings in an event hold.
#include "stages/audit/line.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "compose/ledger/canonical.hpp"
#include "folding.hpp"

namespace virtscale::audit {
namespace {

std::string written(std::string_view text, std::size_t bytes_max = 256) {
  Arena arena;
  return std::string(CanonicalJson(arena, 0).string(text, bytes_max).text());
}

std::string written(std::int64_t integer) {
  Arena arena;
  return std::string(CanonicalJson(arena).integer(integer).text());
}

// A view of nothing has no address, which memcpy may not be given.
TEST(CanonicalJson, WritesATextThatIsNoneAsEmpty) {
  EXPECT_EQ(written(std::string_view()), "\"\"");
}

// The examples of RFC 8785, 3.2.2.2 and RFC 3629.
TEST(CanonicalJson, EscapesExactlyWhatRfc8785Says) {
  EXPECT_EQ(written("a\"\\/\b\t\n\f\r"), R"("a\"\\/\b\t\n\f\r")");
  EXPECT_EQ(written(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(written("\xe2\x82\xac\xf0\x9f\x98\x82<>&'"), "\"\xe2\x82\xac\xf0\x9f\x98\x82<>&'\"");
}

// Plain text is copied eight bytes at a time: whatever is not plain is found wherever it stands.
TEST(CanonicalJson, EscapesAtEveryPlaceOfATextOfEveryLength) {
  for (std::size_t length = 1; length < 20; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (int byte = 0; byte < 0x80; ++byte) {
        std::string text(length, '~');
        text[at] = static_cast<char>(byte);
        const auto alone = written(text.substr(at, 1));
        const auto escaped = alone.substr(1, alone.size() - 2);
        ASSERT_EQ(written(text), '"' + text.substr(0, at) + escaped + text.substr(at + 1) + '"')
            << byte << " at " << at;
      }
    }
  }
}

TEST(CanonicalJson, ReplacesWhatIsNotUtf8) {
  const std::string_view bad[] = {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xc3"};
  for (const auto text : bad) {
    const auto json = written(text);
    EXPECT_THAT(json, testing::HasSubstr("\xef\xbf\xbd"));
    EXPECT_NO_THROW(boost::json::parse(json)) << json;
  }
}

TEST(CanonicalJson, CutsBetweenCharacters) {
  EXPECT_EQ(written("ab\xe2\x82\xac", 4), "\"ab\"");
  EXPECT_EQ(written("ab\xe2\x82\xac", 5), "\"ab\xe2\x82\xac\"");
  EXPECT_EQ(written("ab\xf0\x9f\x98\x82", 3), "\"ab\"");
}

TEST(CanonicalJson, WritesOnlyIntegersThatADoubleHolds) {
  EXPECT_EQ(written(INT64_MAX), "9007199254740991");
  EXPECT_EQ(written(INT64_MIN), "-9007199254740991");
  EXPECT_EQ(written(std::int64_t{0}), "0");
}

TEST(Line, IsCanonicalAndFitsAnEntryWhateverTheEventsHold) {
  const std::string nasty = std::string(2'000, '\x01') + "\xff\"\\";
  schema::AuditScaleT scale;
  for (int i = 0; i < 2'000; ++i) {
    auto domain = std::make_unique<schema::AuditDomainT>();
    domain->name = domain->cell = domain->zone = domain->node = domain->address = domain->backend = domain->reason =
        nasty;
    domain->end = static_cast<schema::AuditEnd>(i % 9);
    scale.domains.push_back(std::move(domain));
  }
  scale.nameless = 3;
  auto decided = admitted();
  decided.service = decided.reason = decided.code = decided.remedy = decided.name = decided.requester = nasty;
  decided.kind = static_cast<schema::SignalKind>(77);
  decided.signal_at_us = INT64_MIN;
  const auto org = std::string(1'024, '"');
  Arena arena;
  const auto line = line_of({org, {1}, 7, Instant{INT64_MAX}, decided, scale, nasty}, arena);
  EXPECT_LE(line.size(), entry_bytes_max);
  EXPECT_EQ(ledger::fault_of_canonical(line), "");
  EXPECT_THAT(line, testing::HasSubstr("\"domains_omitted\":"));
}

TEST(Line, OfAUsualScaleIsCanonicalAndReadable) {
  Folding audit;
  audit.fold({1}, admitted());
  audit.fold({1}, placed("web-1"));
  audit.fold({1}, serving("web-1"));
  const auto& line = audit.written.lines.at(0);
  EXPECT_EQ(ledger::fault_of_canonical(line), "");
  const auto json = boost::json::parse(line);
  EXPECT_EQ(json.at("replicas").at("to").as_int64(), 9);
  EXPECT_EQ(json.at("projection").at("ram").at("unit").as_string(), "MiB");
}

}  // namespace
}  // namespace virtscale::audit
