#include "stages/orchestration/placement.hpp"

#include <gtest/gtest.h>

#include <random>

namespace virtscale::orchestration {
namespace {

Slot slot(std::string node, std::int64_t used_vcpu, std::int64_t used_ram, std::string zone = "zone-a",
          std::uint32_t numa = 0, std::int64_t vcpu = 32'000, std::int64_t ram = 131'072) {
  return {std::move(zone), std::move(node), numa, schema::NumaRoom(vcpu, ram, used_vcpu, used_ram, false)};
}

Slots slots_of(std::vector<Slot> all) {
  Slots slots;
  for (auto& one : all) slots.put(std::move(one));
  return slots;
}

struct Case {
  const char* what;
  std::vector<Slot> slots;
  Need need;
  std::string node;  // empty: nowhere
  std::uint32_t numa = 0;
};

TEST(Placement, ChoosesTheLeastLoadedThatCanTakeTheDomain) {
  const std::vector<std::string> a_failed = {"a"};
  const Case cases[] = {
      {"no nodes", {}, {1, 1}, ""},
      {"the only one", {slot("a", 0, 0)}, {10'000, 49'152}, "a"},
      {"the less loaded", {slot("a", 10'000, 0), slot("b", 9'999, 0)}, {1, 1}, "b"},
      {"load is the larger of both dimensions", {slot("a", 1'000, 65'537), slot("b", 16'000, 1'024)}, {1, 1}, "b"},
      {"a third is less than 0.3334 of a larger one",
       {slot("a", 3'334, 0, "zone-a", 0, 10'000), slot("b", 1, 0, "zone-a", 0, 3)},
       {1, 1},
       "b"},
      {"ties go by zone first", {slot("a", 0, 0, "zone-b"), slot("b", 0, 0, "zone-a")}, {1, 1}, "b"},
      {"then by node", {slot("b", 0, 0), slot("a", 0, 0)}, {1, 1}, "a"},
      {"then by NUMA index", {slot("a", 0, 0, "zone-a", 1), slot("a", 0, 0, "zone-a", 0)}, {1, 1}, "a", 0},
      {"exactly full is room", {slot("a", 22'000, 81'920)}, {10'000, 49'152}, "a"},
      {"one MiB too much is not", {slot("a", 22'000, 81'921)}, {10'000, 49'152}, ""},
      {"one thousandth too much is not", {slot("a", 22'001, 0)}, {10'000, 1}, ""},
      {"the loaded large one, if the idle small one is too small",
       {slot("small", 0, 0, "zone-a", 0, 4'000, 4'096), slot("large", 60'000, 0, "zone-a", 0, 96'000)},
       {10'000, 8'192},
       "large"},
      {"not where it failed", {slot("a", 0, 0), slot("b", 30'000, 0)}, {1'000, 1, &a_failed}, "b"},
      {"nowhere, if it failed everywhere", {slot("a", 0, 0)}, {1, 1, &a_failed}, ""},
      {"a negative need finds no room", {slot("a", 0, 0)}, {-1, 1}, ""},
      {"a need beyond all numbers finds no room", {slot("a", 0, 0)}, {INT64_MAX, INT64_MAX}, ""},
  };
  for (const auto& one : cases) {
    const auto slots = slots_of(one.slots);
    const auto placement = slots.choose(one.need);
    EXPECT_EQ(placement.chosen ? placement.chosen->node : "", one.node) << one.what;
    EXPECT_EQ(placement.chosen ? placement.chosen->numa : 0, one.numa) << one.what;
  }
}

TEST(Placement, SaysWhyTheOthersWerePassedOver) {
  const std::vector<std::string> failed = {"failed"};
  const auto slots =
      slots_of({slot("failed", 0, 0), slot("tiny", 1'000, 0, "zone-a", 0, 9'000, 9'000'000), slot("chosen", 6'000, 0),
                slot("tied", 6'000, 0, "zone-b"), slot("loaded", 20'000, 0), slot("full", 32'000, 131'072)});
  const auto placement = slots.choose({10'000, 49'152, &failed});
  ASSERT_EQ(placement.candidates.size(), candidates_max);
  const std::pair<std::string, std::string> expected[] = {{"failed", "failed before"},
                                                          {"tiny", "no room: vcpu"},
                                                          {"chosen", ""},
                                                          {"tied", "as loaded, later by name"},
                                                          {"loaded", "more loaded"}};
  for (std::size_t i = 0; i < candidates_max; ++i) {
    EXPECT_EQ(placement.candidates[i].slot->node, expected[i].first);
    EXPECT_EQ(placement.candidates[i].passed_over, expected[i].second);
  }
}

TEST(Placement, NamesTheChosenEvenBehindManyThatHaveNoRoom) {
  std::vector<Slot> all;
  for (int i = 0; i < 20; ++i) all.push_back(slot("small-" + std::to_string(i), 0, 0, "zone-a", 0, 1'000, 1'024));
  all.push_back(slot("large", 16'000, 0));
  const auto slots = slots_of(std::move(all));
  const auto placement = slots.choose({2'000, 2'048});
  ASSERT_NE(placement.chosen, nullptr);
  ASSERT_EQ(placement.candidates.size(), candidates_max);
  EXPECT_EQ(placement.candidates.back().slot->node, "large");
  EXPECT_EQ(placement.candidates.front().passed_over, "no room: vcpu, ram");
}

// The index may stop looking early; a plain look at every slot says what the answer is.
const Slot* plain_choice(const std::vector<Slot>& all, const Need& need) {
  const Slot* best = nullptr;
  for (const auto& one : all) {
    if (can_take(one, need) && (best == nullptr || LessLoaded()(one, *best))) best = &one;
  }
  return best;
}

TEST(Placement, FindsWhatALookAtEverySlotFinds) {
  std::mt19937_64 random(20260421);
  const auto draw = [&](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
  };
  int found = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::vector<Slot> all;
    const auto count = draw(12);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto vcpu = 1 + draw(8);
      const auto ram = 1 + draw(8);
      all.push_back(slot("n" + std::to_string(i), draw(vcpu + 1), draw(ram + 1), draw(2) ? "a" : "b", 0, vcpu, ram));
    }
    const std::vector<std::string> failed = {"n0", "n3"};
    const Need need{draw(5), draw(5), draw(2) ? &failed : nullptr};
    const auto slots = slots_of(all);
    const auto* plain = plain_choice(all, need);
    const auto placement = slots.choose(need);
    ASSERT_EQ(plain == nullptr, placement.chosen == nullptr) << "round " << round;
    if (plain == nullptr) continue;
    ++found;
    ASSERT_EQ(plain->node, placement.chosen->node) << "round " << round;
  }
  EXPECT_GT(found, 500);
}

TEST(Placement, TakesOutWhatItPutIn) {
  auto slots = slots_of({slot("a", 0, 0), slot("b", 1'000, 0)});
  slots.take(slot("a", 0, 0));
  EXPECT_EQ(slots.size(), 1U);
  EXPECT_EQ(slots.choose({1, 1}).chosen->node, "b");
  EXPECT_TRUE(slots.has_untried({"a"}));
  EXPECT_FALSE(slots.has_untried({"a", "b"}));
}

}  // namespace
}  // namespace virtscale::orchestration
