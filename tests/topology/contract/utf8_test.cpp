// UTF-8 at the edges of RFC 3629.
#include "topology/contract/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace virtscale {
namespace {

TEST(Utf8, CountsTheBytesOfACharacter) {
  EXPECT_EQ(utf8_bytes("a\xc3"), 1U);
  EXPECT_EQ(utf8_bytes(std::string_view("\0", 1)), 1U);
  for (const std::string text : {"\xc2\x80", "\xdf\xbf"}) EXPECT_EQ(utf8_bytes(text), 2U);
  for (const std::string text : {"\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf"})
    EXPECT_EQ(utf8_bytes(text), 3U);
  for (const std::string text : {"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) EXPECT_EQ(utf8_bytes(text), 4U);
}

TEST(Utf8, KnowsWhatIsNoCharacter) {
  for (const std::string text :
       {"", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe1\x80", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf1\x80\x80", "\xf5\x80\x80\x80", "\xff"})
    EXPECT_EQ(utf8_bytes(text), 0U) << text.size();
}

}  // namespace
}  // namespace virtscale
