// The bytes of every kind of event, pinned: see README.md.
#include <flatbuffers/idl.h>
#include <flatbuffers/util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/schemas/bodies.hpp"

namespace virtscale::test {
namespace {

const std::filesystem::path events = "tests/golden/events";

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string hexadecimal(const std::vector<std::byte>& bytes) {
  constexpr std::size_t bytes_in_a_line = 48;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    constexpr char digits[] = "0123456789abcdef";
    text += digits[std::to_integer<unsigned>(bytes[i]) >> 4];
    text += digits[std::to_integer<unsigned>(bytes[i]) & 15];
    if (i % bytes_in_a_line == bytes_in_a_line - 1 || i + 1 == bytes.size()) text += '\n';
  }
  return text;
}

// The schemas as they are now, for JSON.
class Json {
 public:
  Json() {
    parser_.opts.strict_json = true;
    const char* include[] = {"schemas", nullptr};
    EXPECT_TRUE(parser_.Parse(read("schemas/envelope.fbs").c_str(), include, "schemas/envelope.fbs")) << parser_.error_;
  }

  std::unique_ptr<schema::EventT> event_in(const std::string& json) {
    if (!parser_.Parse(json.c_str())) return nullptr;
    return std::unique_ptr<schema::EventT>(schema::UnPackEvent(parser_.builder_.GetBufferPointer()));
  }
  std::string print(const std::vector<std::byte>& event) {
    std::string text;
    flatbuffers::GenerateText(parser_, event.data(), &text);
    return text;
  }
  // The fields of the body that are not there, each as `Table.field`.
  std::string absent_in(const schema::Event& event) {
    std::string absent;
    const auto name = "virtscale.schema." + std::string(schema::name_of(event.body_type()));
    note_absent(*parser_.structs_.Lookup(name), *static_cast<const flatbuffers::Table*>(event.body()), absent);
    return absent;
  }

 private:
  static void note_absent(const flatbuffers::StructDef& type, const flatbuffers::Table& table, std::string& absent) {
    for (const auto* field : type.fields.vec) {
      const auto& kind = field->value.type;
      if (!table.CheckField(field->value.offset)) absent += " " + type.name + "." + field->name;
      const bool is_table = kind.base_type == flatbuffers::BASE_TYPE_STRUCT && !kind.struct_def->fixed;
      if (!is_table || !table.CheckField(field->value.offset)) continue;
      note_absent(*kind.struct_def, *table.GetPointer<const flatbuffers::Table*>(field->value.offset), absent);
    }
  }

  flatbuffers::Parser parser_;
};

// A golden file: JSON, an empty line, hexadecimal.
struct Golden {
  std::string json;
  std::string hex;
};

Golden golden(const std::string& name) {
  const auto text = read(events / (name + ".txt"));
  const auto gap = text.find("\n\n");
  if (gap == text.npos) return {text, ""};
  return {text.substr(0, gap + 1), text.substr(gap + 2)};
}

class EachKindOfEvent : public testing::TestWithParam<std::string> {};

TEST_P(EachKindOfEvent, HasTheBytesThatItAlwaysHad) {
  Json json;
  const auto expected = golden(GetParam());
  const auto event = json.event_in(expected.json);
  ASSERT_NE(event, nullptr) << "tests/golden/events/" << GetParam() << ".txt is absent, or not an event";
  ASSERT_EQ(schema::name_of(event->body.type), GetParam());
  const auto bytes = Bodies::encoded(event->body, event->org);
  ASSERT_NE(schema::verify_event(bytes), nullptr);
  EXPECT_EQ(hexadecimal(bytes), expected.hex) << json.print(bytes) << "\n" << hexadecimal(bytes);
  EXPECT_EQ(json.print(bytes), expected.json);
}

TEST_P(EachKindOfEvent, IsPinnedWithAllItsFields) {
  Json json;
  const auto event = json.event_in(golden(GetParam()).json);
  ASSERT_NE(event, nullptr);
  const auto bytes = Bodies::encoded(event->body, event->org);
  EXPECT_EQ(json.absent_in(*schema::verify_event(bytes)), "");
}

std::vector<std::string> kinds() {
  std::vector<std::string> names;
  for (const auto body : schema::EnumValuesBody()) {
    if (body != schema::Body::NONE) names.emplace_back(schema::name_of(body));
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Schemas, EachKindOfEvent, testing::ValuesIn(kinds()),
                         [](const auto& name) { return name.param; });

TEST(Golden, HasNoFileOfAKindThatIsNot) {
  const std::filesystem::directory_iterator files(events);
  EXPECT_EQ(std::distance(begin(files), end(files)), static_cast<std::ptrdiff_t>(kinds().size()));
}

TEST(GoldenTest, WouldSeeAnotherValue) {
  Json json;
  auto expected = golden("LivenessPassed");
  const auto at = expected.json.find("70002");
  ASSERT_NE(at, std::string::npos);
  const auto event = json.event_in(expected.json.replace(at, 5, "70003"));
  ASSERT_NE(event, nullptr);
  EXPECT_NE(hexadecimal(Bodies::encoded(event->body, event->org)), expected.hex);
}

TEST(GoldenTest, WouldSeeAFieldThatIsNotPinned) {
  Json json;
  schema::LivenessPassedT passed;
  const auto bytes = schema::encode(passed, "acme");
  EXPECT_EQ(json.absent_in(*schema::verify_event(bytes)), " LivenessPassed.attempts");
}

}  // namespace
}  // namespace virtscale::test
