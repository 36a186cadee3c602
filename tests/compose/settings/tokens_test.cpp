#include "compose/settings/tokens.hpp"

#include <gmock/gmock.h>

#include <set>

namespace virtscale {
namespace {

TEST(Tokens, AreRandomAndOfOneForm) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const auto token = generate_token();
    EXPECT_THAT(token, testing::MatchesRegex("vs_[A-Za-z0-9_-]*"));
    EXPECT_EQ(token.size(), 46u);
    EXPECT_TRUE(seen.insert(token).second);
  }
}

TEST(Tokens, AreHashedAsOthersHashThem) {
  EXPECT_EQ(hash_of_token("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Tokens, OpenTheirOrgAndNoOther) {
  const auto acme = generate_token();
  const auto other = generate_token();
  const auto operators = generate_token();
  const auto door =
      make_authorizer({{"acme", hash_of_token(acme)}, {"other", hash_of_token(other)}, {"", hash_of_token(operators)}});
  EXPECT_EQ(door->check(acme, "acme"), Access::org);
  EXPECT_EQ(door->check(acme, "other"), Access::none);
  EXPECT_EQ(door->check(acme, ""), Access::none);
  EXPECT_EQ(door->check(other, "other"), Access::org);
  EXPECT_EQ(door->check(operators, "acme"), Access::operator_);
  EXPECT_EQ(door->check(operators, ""), Access::operator_);
  EXPECT_EQ(door->check("", "acme"), Access::unknown);
  EXPECT_EQ(door->check(acme + "x", "acme"), Access::unknown);
  EXPECT_EQ(door->check(hash_of_token(acme), "acme"), Access::unknown) << "a hash that leaked opens nothing";
}

TEST(Tokens, OpenNothingWhenThereAreNone) {
  EXPECT_EQ(make_authorizer({})->check("", ""), Access::unknown);
}

}  // namespace
}  // namespace virtscale
