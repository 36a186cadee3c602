#include "topology/adapters/http/target.hpp"

#include <gtest/gtest.h>

namespace virtscale {
namespace {

TEST(HttpTarget, DecodesPathAndQuery) {
  const auto target = parse_target("/v1/orgs/acme%2Dtickets/x+y?org=a%26b&from=1+2&empty&from=3&=none#part");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v1/orgs/acme-tickets/x+y");
  EXPECT_EQ(target->query, (std::map<std::string, std::string>{{"org", "a&b"}, {"from", "1 2"}, {"empty", ""}}));
}

TEST(HttpTarget, RefusesWhatTwoReadersCouldTakeForDifferentThings) {
  for (const auto* bad : {"", "*", "http://host/", "a", "/%", "/%4", "/%zz", "/%+1", "/a%2Fb", "/a%00", "/a\x01", "/..",
                          "/a/../b", "/a/%2e%2E/b", "/./a", "/a?b=%0d", "/a?%"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
}

TEST(HttpTarget, TakesDotsWithinNames) {
  EXPECT_EQ(parse_target("/..a/b..c/...")->path, "/..a/b..c/...");
}

}  // namespace
}  // namespace virtscale
