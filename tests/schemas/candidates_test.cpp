// The names of a placement's candidates, written beside their numbers and read again.
#include "schemas/candidates.hpp"

#include <gtest/gtest.h>

namespace virtscale::test {
namespace {

using schema::Candidate;
using schema::CandidateNames;

TEST(Candidates, GiveTheirNamesAsTheyWerePut) {
  std::string names;
  const auto first = named_candidate(names, "hall a", "nd-1", Candidate(1, 2, 3, 0, 0, schema::PassedOver::no));
  const auto second = named_candidate(names, "", "nd/2 ", Candidate());
  EXPECT_EQ(first.free_vcpu_milli(), 1);
  CandidateNames read(names);
  EXPECT_EQ(read.next(first.zone_bytes()), "hall a");
  EXPECT_EQ(read.next(first.node_bytes()), "nd-1");
  EXPECT_EQ(read.next(second.zone_bytes()), "");
  EXPECT_EQ(read.next(second.node_bytes()), "nd/2 ");
}

TEST(Candidates, CutANameThatIsTooLongToTell) {
  std::string names;
  const auto longest = named_candidate(names, std::string(70'000, 'z'), "nd-1", Candidate());
  CandidateNames read(names);
  EXPECT_EQ(read.next(longest.zone_bytes()), std::string(65'535, 'z'));
  EXPECT_EQ(read.next(longest.node_bytes()), "nd-1");
}

// What another program has written may say anything.
TEST(Candidates, GiveNoMoreThanTheTextHas) {
  CandidateNames read("nd");
  EXPECT_EQ(read.next(65'535), "nd");
  EXPECT_EQ(read.next(65'535), "");
  EXPECT_EQ(CandidateNames("").next(0), "");
}

TEST(Candidates, AreEachPassedOverForAReason) {
  for (const auto why : schema::EnumValuesPassedOver()) EXPECT_EQ(text_of(why).empty(), why == schema::PassedOver::no);
  EXPECT_FALSE(text_of(static_cast<schema::PassedOver>(200)).empty());
}

}  // namespace
}  // namespace virtscale::test
