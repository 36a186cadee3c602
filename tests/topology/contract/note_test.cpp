// C2SP's text formats against C2SP's own examples.
#include "topology/contract/note.hpp"

#include <gtest/gtest.h>

#include "tests/topology/contract/bytes_of.hpp"

namespace virtscale {
namespace {

using test::bytes_of;

constexpr std::string_view example_vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr std::string_view example_note =
    "This is an example message.\n\n"
    "\xe2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

TEST(Base64, IsThatOfRfc4648) {
  const std::pair<std::string_view, std::string_view> examples[] = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : examples) {
    EXPECT_EQ(base64(bytes_of(plain)), encoded);
    const auto decoded = from_base64(encoded);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(decoded->data()), decoded->size()), plain);
  }
}

TEST(Base64, RefusesEverythingButItsOwnOutput) {
  for (const auto text :
       {"Zg", "Zg=", "Zg===", "Z===", "Zh==", "Zm9=", "Zm9v ", "Zm 9", "=Zg=", "Zg==Zg==", "Z-_=", "===="})
    EXPECT_FALSE(from_base64(text)) << text;
}

TEST(Vkey, OfTheExampleIsReadAndWrittenBack) {
  const auto key = parse_vkey(example_vkey);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "example.com/foo");
  EXPECT_EQ(key_id(*key), 0x530d903aU);
  EXPECT_EQ(to_vkey(*key), example_vkey);
}

TEST(Vkey, WithAnotherIdTypeOrNameIsRefused) {
  for (const auto text : {"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
                          "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
                          "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
                          "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "example.com/foo+530d903a", ""})
    EXPECT_FALSE(parse_vkey(text)) << text;
}

TEST(SignedNote, OfTheExampleIsTakenApart) {
  const auto note = parse_note(example_note);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, "This is an example message.\n");
  ASSERT_EQ(note->signatures.size(), 1U);
  EXPECT_EQ(note->signatures[0].name, "example.com/foo");
  EXPECT_EQ(note->signatures[0].key_id, 0x530d903aU);
  EXPECT_EQ(note->signatures[0].signature.size(), 64U);
  EXPECT_EQ(
      "This is an example message.\n\n" + signature_line(*parse_vkey(example_vkey), note->signatures[0].signature),
      example_note);
}

TEST(SignedNote, IsSplitAtItsLastBlankLine) {
  const auto note = parse_note("a\n\nb\n\n\xe2\x80\x94 k AAAAAAA=\n");
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, "a\n\nb\n");
}

TEST(SignedNote, ThatIsMalformedIsRefused) {
  for (const auto text :
       {"", "a\n", "a\n\n", "a\n\nb\n", "a\n\n\xe2\x80\x94 k AAAAAAA=", "a\n\n\xe2\x80\x94 k AAAA\n",
        "a\n\n- k AAAAAAA=\n", "a\t\n\n\xe2\x80\x94 k AAAAAAA=\n", "a\n\n\xe2\x80\x94 k+l AAAAAAA=\n"})
    EXPECT_FALSE(parse_note(text)) << text;
}

TEST(Checkpoint, OfTheExampleIsReadAndWrittenBack) {
  const std::string text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  const auto checkpoint = parse_checkpoint(text);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->tree.size, 20852163U);
  EXPECT_EQ(checkpoint_text(*checkpoint), text);
  EXPECT_TRUE(parse_checkpoint(text + "an extension\n"));
}

TEST(Checkpoint, ThatIsMalformedIsRefused) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  for (const auto& text :
       {"\n1\n" + root + "\n", "o\n01\n" + root + "\n", "o\n-1\n" + root + "\n", "o\n\n" + root + "\n",
        std::string("o\n1\nAAAA\n"), std::string("o\n1\n"), "o\n99999999999999999999\n" + root + "\n", "o\n1\n" + root})
    EXPECT_FALSE(parse_checkpoint(text)) << text;
}

}  // namespace
}  // namespace virtscale
