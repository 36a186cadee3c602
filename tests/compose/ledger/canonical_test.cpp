// There is one way to write a line; every other is refused.
#include "compose/ledger/canonical.hpp"

#include <gtest/gtest.h>

namespace virtscale::ledger {
namespace {

TEST(Canonical, AcceptsWhatRfc8785Writes) {
  for (const auto text :
       {R"({})", R"({"a":1,"b":[true,false,{"c":"x"}],"c":-5})", R"({"":0,"a":"\b\t\n\f\r\"\\\u0000\u001f"})",
        "{\"\xe2\x82\xac\":\"\xf0\x9f\x98\x82\x7f/\"}", R"({"a":9007199254740991})"})
    EXPECT_EQ(fault_of_canonical(text), "") << text;
}

TEST(Canonical, SortsKeysByUtf16) {
  // U+1F602 is D83D DE02 in UTF-16, and so before U+FB33, though its UTF-8 bytes are greater (RFC 8785, 3.2.3).
  EXPECT_EQ(fault_of_canonical("{\"\xf0\x9f\x98\x82\":1,\"\xef\xac\xb3\":2}"), "");
  EXPECT_NE(fault_of_canonical("{\"\xef\xac\xb3\":2,\"\xf0\x9f\x98\x82\":1}"), "");
  EXPECT_EQ(fault_of_canonical("{\"\\r\":1,\"1\":2}"), "");
  EXPECT_NE(fault_of_canonical("{\"1\":2,\"\\r\":1}"), "");
}

TEST(Canonical, RefusesEveryOtherWayToWriteIt) {
  for (const auto text : {"",
                          "[]",
                          "1",
                          "{",
                          "{}x",
                          "{} ",
                          " {}",
                          R"({"b":1,"a":2})",
                          R"({"a":1,"a":2})",
                          R"({"a": 1})",
                          R"({"a":1 })",
                          R"({"a":01})",
                          R"({"a":-0})",
                          R"({"a":1.0})",
                          R"({"a":1e3})",
                          R"({"a":9007199254740992})",
                          R"({"a":null})",
                          R"({"a":+1})",
                          R"({"a":"\u0041"})",
                          R"({"a":"\/"})",
                          R"({"a":"\u000a"})",
                          R"({"a":"\u001F"})",
                          "{\"a\":\"\n\"}",
                          "{\"a\":\"\xff\"}",
                          "{\"a\":\"\xed\xa0\x80\"}",
                          "{\"a\":\"\xc0\xaf\"}",
                          R"({"a":"x})",
                          R"({"a":"\)",
                          R"({"a":[1,]})",
                          R"({"a":})",
                          R"({a:1})"})
    EXPECT_NE(fault_of_canonical(text), "") << text;
}

TEST(Canonical, RefusesNestingBeyondItsBound) {
  const std::string deep = "{\"a\":" + std::string(5'000, '[') + std::string(5'000, ']') + "}";
  EXPECT_NE(fault_of_canonical(deep), "");
  // The object is the first of them, and what an array holds nests once more.
  const auto holding = [](std::string_view inner, std::size_t arrays) {
    return "{\"a\":" + std::string(arrays, '[') + std::string(inner) + std::string(arrays, ']') + "}";
  };
  EXPECT_EQ(fault_of_canonical(holding("1", nesting_max - 1)), "");
  EXPECT_EQ(fault_of_canonical(holding("", nesting_max)), "");
  for (const auto inner : {"1", "\"x\"", "true", "[]"}) EXPECT_NE(fault_of_canonical(holding(inner, nesting_max)), "");
}

TEST(Canonical, ReadsWhichLineItIs) {
  const auto line = scan_line(R"({"event":"evt-1","index":41,"nested":{"index":7},"org":"acme"})");
  EXPECT_EQ(line.fault, "");
  EXPECT_EQ(line.head.index, 41U);
  EXPECT_EQ(line.head.org, "acme");
  EXPECT_EQ(line.head.event, "evt-1");
}

// --- One line after another ----------------------------------------------------------------------------------------

constexpr std::string_view usual =
    R"({"domains":[{"name":"web-1","numa":0},{"name":"web-2","numa":1}],"elapsed_us":51939000,"event":"evt-7f3a",)"
    R"("index":41,"org":"acme","reason":"Within the envelope.","steps":[],"yes":true})";

void expect_the_same(LineScanner& scanner, std::string_view line) {
  const auto alone = scan_line(line);
  const auto in_turn = scanner.scan(line);
  EXPECT_EQ(in_turn.fault, alone.fault) << line;
  if (alone.fault.empty()) {
    EXPECT_EQ(in_turn.head, alone.head) << line;
  }
}

TEST(LineScanner, SaysOfEveryLineWhatItIsAlone) {
  LineScanner scanner;
  for (std::size_t at = 0; at < usual.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed(usual);
      changed[at] = static_cast<char>(byte);
      expect_the_same(scanner, usual);
      expect_the_same(scanner, changed);
    }
    expect_the_same(scanner, usual.substr(0, at));
    expect_the_same(scanner, std::string(usual.substr(0, at)).append("0").append(usual.substr(at)));
    expect_the_same(scanner, std::string(usual.substr(0, at)).append("\"").append(usual.substr(at)));
  }
}

TEST(LineScanner, ReadsTheHeadOfALineThatIsLikeTheOneBefore) {
  LineScanner scanner;
  scanner.scan(usual);
  std::string later(usual);
  later.replace(later.find("41"), 2, "1042").replace(later.find("evt-7f3a"), 8, "evt-25c0d1feaf2b");
  const auto scanned = scanner.scan(later);
  EXPECT_EQ(scanned.fault, "");
  EXPECT_EQ(scanned.head.index, 1042U);
  EXPECT_EQ(scanned.head.event, "evt-25c0d1feaf2b");
  EXPECT_EQ(scanned.head.org, "acme");
}

TEST(LineScanner, RefusesNumbersAndTextsThatNoLineMayHold) {
  LineScanner scanner;
  scanner.scan(R"({"a":1,"b":"x"})");
  for (const auto line :
       {R"({"a":01,"b":"x"})", R"({"a":-0,"b":"x"})", R"({"a":9007199254740992,"b":"x"})", R"({"a":,"b":"x"})",
        R"({"a":1.5,"b":"x"})", R"({"a":1,"b":"\u0041"})", "{\"a\":1,\"b\":\"\n\"}"})
    EXPECT_NE(scanner.scan(line).fault, "") << line;
  EXPECT_EQ(scanner.scan(R"({"a":9007199254740991,"b":"\n"})").fault, "");
}

}  // namespace
}  // namespace virtscale::ledger
