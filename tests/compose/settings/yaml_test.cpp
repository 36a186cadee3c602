#include "compose/settings/yaml.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace virtscale {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string fault_of(const std::string& text) {
  const auto parsed = parse_yaml(text);
  if (!parsed.fault) return "no fault";
  EXPECT_THAT(parsed.documents, IsEmpty());
  return std::to_string(parsed.fault->line) + ":" + std::to_string(parsed.fault->column) + ": " + parsed.fault->message;
}

TEST(Yaml, KnowsThePlaceOfEveryNode) {
  const auto parsed = parse_yaml("a: 1\nb:\n  - x\n  - {c: \"2\", d: }\n");
  ASSERT_EQ(parsed.documents.size(), 1u);
  const auto& root = parsed.documents[0];
  ASSERT_EQ(root.kind, YamlNode::Kind::map);
  EXPECT_EQ(root.keys[1].at.line, 2u);
  const auto& map = root.items[1].items[1];
  EXPECT_EQ(map.items[0].text, "2");
  EXPECT_EQ(map.items[0].quotes, YamlNode::Quotes::some);
  EXPECT_EQ(map.items[0].at.line, 4u);
  EXPECT_EQ(map.items[0].at.column, 9u);
  EXPECT_EQ(map.items[1].kind, YamlNode::Kind::null);
}

TEST(Yaml, RefusesWhatIsMoreThanItShows) {
  EXPECT_THAT(fault_of("a: &x [1]\nb: *x\n"), HasSubstr("1:4: anchors and aliases"));
  EXPECT_THAT(fault_of("a: *x\n"), HasSubstr("1:"));
  EXPECT_THAT(fault_of("a: !!binary aGk=\n"), HasSubstr("tags"));
  EXPECT_THAT(fault_of("a: 1\na: 2\n"), HasSubstr("2:1: `a` stands here twice"));
  EXPECT_THAT(fault_of("? [a, b]\n: 1\n"), HasSubstr("a key must be a text"));
  EXPECT_THAT(fault_of("a: 1\n\xff\n"), HasSubstr("2:1: this byte is not UTF-8"));
  EXPECT_THAT(fault_of(std::string("a: 1\nb: \0\n", 10)), HasSubstr("2:4: this byte is not UTF-8"));
  EXPECT_THAT(fault_of("a: \xed\xa0\x80\n"), HasSubstr("not UTF-8"));
  EXPECT_THAT(fault_of("a: \xc0\xaf\n"), HasSubstr("not UTF-8"));
  EXPECT_THAT(fault_of("a: [1, 2\nb: }\n"), HasSubstr("this is not YAML"));
  EXPECT_THAT(fault_of("a: \"unended\n"), HasSubstr("1:4: this quote is not closed"));
  EXPECT_THAT(fault_of("é: 1\né: 'it''s\n"), HasSubstr("stands here twice"));
  EXPECT_THAT(fault_of("é: 1\nö: 'it''s\n"), HasSubstr("2:5: this quote is not closed"));
  EXPECT_EQ(fault_of("a: \"\\\"\"\nb: 'it''s'\n"), "no fault");
  EXPECT_THAT(fault_of(","), HasSubstr("this is not YAML"));
  EXPECT_THAT(fault_of("[[a]],b"), HasSubstr("this is not YAML"));
}

TEST(Yaml, RefusesDepthAtItsPlace) {
  EXPECT_THAT(fault_of(std::string(17, '[') + std::string(17, ']')), HasSubstr("1:17: this nests deeper than 16"));
  EXPECT_EQ(fault_of(std::string(16, '[') + std::string(16, ']')), "no fault");
}

TEST(Yaml, EndsSoonWhateverItIsGiven) {
  const auto repeated = [](std::string_view piece) {
    std::string text;
    while (text.size() < yaml_bytes_max / 16) text += piece;
    return text;
  };
  for (const auto* piece :
       {"[",     "{",     "- ", "? ", "a: ", "&a ", "*a ", "!",  "\"", "'",     "|\n", ">\n ", "\t", "%",  "---\n",
        "...\n", "# c\n", "[]", "{}", ",",   ":",   "a\n", "\n", " ",  "- a\n", "[a,", "{a: ", "!<", "\\", "x"}) {
    const auto begun = std::chrono::steady_clock::now();
    parse_yaml(repeated(piece));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5)) << piece;
  }
  EXPECT_THAT(fault_of(std::string(yaml_bytes_max + 1, 'x')), HasSubstr("larger than 1 MiB"));
}

}  // namespace
}  // namespace virtscale
