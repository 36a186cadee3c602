#include "topology/contract/key_text.hpp"

#include <gtest/gtest.h>

namespace virtscale {
namespace {

TEST(JoinedKey, JoinsItsPartsWithSlashes) {
  EXPECT_EQ(JoinedKey("acme").str(), "acme");
  EXPECT_EQ(JoinedKey("acme", "web").str(), "acme/web");
  EXPECT_EQ(JoinedKey("acme", std::string("web"), std::string_view("web-1")).str(), "acme/web/web-1");
  EXPECT_EQ(JoinedKey("acme", "").str(), "acme/");
  EXPECT_EQ(JoinedKey("", "").str(), "/");
}

TEST(JoinedKey, HoldsPartsOfAnyLength) {
  for (std::size_t size : {0, 1, 118, 119, 120, 121, 1'000}) {
    const std::string part(size, 'x');
    const JoinedKey key(part, "y");
    const JoinedKey copy = key;
    EXPECT_EQ(key.str(), part + "/y");
    EXPECT_EQ(copy.str(), part + "/y");
  }
}

}  // namespace
}  // namespace virtscale
