#include "stages/orchestration/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>
#include <tuple>

#include "schemas/candidates.hpp"
#include "stages/orchestration/state.hpp"

namespace virtscale::orchestration {
namespace {

using Order = schema::PlacementOrder;

struct Room {
  std::string node;
  std::int64_t used_vcpu = 0;
  std::int64_t used_ram = 0;
  std::string zone = "zone-a";
  std::uint32_t numa = 0;
  std::int64_t vcpu = 32'000;
  std::int64_t ram = 131'072;
};

// One cell, as it stands in the state.
class Cell {
 public:
  explicit Cell(const std::vector<Room>& rooms) {
    for (const auto& room : rooms) {
      auto& row = state_.nodes.modify(State::node_key("cell", room.node));
      row.zone = room.zone;
      row.listed = true;
      if (row.numa.size() <= room.numa) row.numa.resize(room.numa + 1);
      row.numa[room.numa] = schema::NumaRoom(room.vcpu, room.ram, room.used_vcpu, room.used_ram, false);
    }
  }

  const Slots& slots() { return state_.slots("cell"); }
  Placement choose(const Need& need, Order order) { return slots().choose(need, order); }
  void occupy(const Slot& slot, std::int64_t vcpu, std::int64_t ram) {
    state_.occupy("cell", slot, schema::Resources(vcpu, ram, 1));
  }
  void vacate(const Slot& slot, std::int64_t vcpu, std::int64_t ram) {
    schema::PlacedDomainT domain;
    domain.cell = "cell";
    domain.node = slot.node;
    domain.numa = slot.numa;
    domain.resources = schema::Resources(vcpu, ram, 1);
    state_.vacate(domain);
  }
  /// Every slot, from the rows.
  std::vector<const Slot*> all() {
    std::vector<const Slot*> slots;
    state_.nodes.each("cell/", [&](std::string_view key, const schema::CellNodeT& node) {
      for (std::uint32_t numa = 0; numa < node.numa.size(); ++numa) {
        if (const auto* slot = state_.slot("cell", key.substr(5), numa)) slots.push_back(slot);
      }
      return true;
    });
    return slots;
  }

 private:
  State state_;
};

struct Case {
  const char* what;
  std::vector<Room> rooms;
  Need need;
  std::string node;  // empty: nowhere
  std::uint32_t numa = 0;
};

void expect_choices(Order order, std::span<const Case> cases) {
  for (const auto& one : cases) {
    Cell cell(one.rooms);
    const auto placement = cell.choose(one.need, order);
    EXPECT_EQ(placement.chosen ? placement.chosen->node : "", one.node) << one.what;
    EXPECT_EQ(placement.chosen ? placement.chosen->numa : 0, one.numa) << one.what;
    EXPECT_EQ(placement.candidates.empty(), one.node.empty()) << one.what;
  }
}

TEST(Placement, ChoosesTheLeastLoadedThatCanTakeTheDomain) {
  const std::vector<std::string> a_failed = {"a"};
  const Case cases[] = {
      {"no nodes", {}, {1, 1}, ""},
      {"the only one", {{"a", 0, 0}}, {10'000, 49'152}, "a"},
      {"the less loaded", {{"a", 10'000, 0}, {"b", 9'999, 0}}, {1, 1}, "b"},
      {"load is the larger of both dimensions", {{"a", 1'000, 65'537}, {"b", 16'000, 1'024}}, {1, 1}, "b"},
      {"a third is less than 0.3334 of a larger one",
       {{"a", 3'334, 0, "zone-a", 0, 10'000}, {"b", 1, 0, "zone-a", 0, 3}},
       {1, 1},
       "b"},
      {"ties go by zone first", {{"a", 0, 0, "zone-b"}, {"b", 0, 0, "zone-a"}}, {1, 1}, "b"},
      {"then by node", {{"b", 0, 0}, {"a", 0, 0}}, {1, 1}, "a"},
      {"then by NUMA index", {{"a", 0, 0, "zone-a", 1}, {"a", 0, 0, "zone-a", 0}}, {1, 1}, "a", 0},
      {"exactly full is room", {{"a", 22'000, 81'920}}, {10'000, 49'152}, "a"},
      {"one MiB too much is not", {{"a", 22'000, 81'921}}, {10'000, 49'152}, ""},
      {"one thousandth too much is not", {{"a", 22'001, 0}}, {10'000, 1}, ""},
      {"the loaded large one, if the idle small one is too small",
       {{"small", 0, 0, "zone-a", 0, 4'000, 4'096}, {"large", 60'000, 0, "zone-a", 0, 96'000}},
       {10'000, 8'192},
       "large"},
      {"not where it failed", {{"a", 0, 0}, {"b", 30'000, 0}}, {1'000, 1, &a_failed}, "b"},
      {"nowhere, if it failed everywhere", {{"a", 0, 0}}, {1, 1, &a_failed}, ""},
      {"a negative need finds no room", {{"a", 0, 0}}, {-1, 1}, ""},
      {"a need beyond all numbers finds no room", {{"a", 0, 0}}, {INT64_MAX, INT64_MAX}, ""},
  };
  expect_choices(Order::least_loaded, cases);
}

TEST(Placement, ByBinPackChoosesTheMostLoadedThatCanTakeTheDomain) {
  const std::vector<std::string> b_failed = {"b"};
  const Case cases[] = {
      {"no nodes", {}, {0, 0}, ""},
      {"the only one", {{"a", 0, 0}}, {10'000, 49'152}, "a"},
      {"the more loaded", {{"a", 9'999, 0}, {"b", 10'000, 0}}, {1, 1}, "b"},
      {"load is the larger of both dimensions", {{"a", 1'000, 65'537}, {"b", 16'000, 1'024}}, {1, 1}, "a"},
      {"0.3334 of a larger one is more than a third",
       {{"a", 1, 0, "zone-a", 0, 3}, {"b", 3'334, 0, "zone-a", 0, 10'000}},
       {1, 1},
       "b"},
      {"ties go by zone first", {{"a", 5, 0, "zone-b"}, {"b", 5, 0, "zone-a"}}, {1, 1}, "b"},
      {"then by node", {{"b", 5, 0}, {"a", 5, 0}}, {1, 1}, "a"},
      {"then by NUMA index", {{"a", 5, 0, "zone-a", 1}, {"a", 5, 0, "zone-a", 0}}, {1, 1}, "a", 0},
      {"exactly full is room", {{"a", 0, 0}, {"b", 22'000, 81'920}}, {10'000, 49'152}, "b"},
      {"one MiB too much is not", {{"a", 0, 0}, {"b", 22'000, 81'921}}, {10'000, 49'152}, "a"},
      {"one thousandth too much is not", {{"a", 0, 0}, {"b", 22'001, 0}}, {10'000, 1}, "a"},
      {"the large one that is exactly full, though a small one of that load would not be",
       {{"large", 96'000, 0, "zone-a", 0, 128'000}, {"small", 24'000, 0}},
       {32'000, 1},
       "large"},
      {"what fits by one dimension alone is passed over", {{"a", 0, 0}, {"b", 16'000, 131'072}}, {1'000, 1}, "a"},
      {"what needs nothing goes to a full one", {{"a", 0, 0}, {"b", 32'000, 131'072}}, {0, 0}, "b"},
      {"but to none that is over", {{"a", 0, 0}, {"b", 32'001, 0}}, {0, 0}, "a"},
      {"not where it failed", {{"a", 0, 0}, {"b", 30'000, 0}}, {1'000, 1, &b_failed}, "a"},
      {"nowhere, if it failed everywhere", {{"b", 0, 0}}, {1, 1, &b_failed}, ""},
      {"nowhere, if all are full", {{"a", 32'000, 0}, {"b", 0, 131'072}}, {1, 1}, ""},
      {"a negative need finds no room", {{"a", 0, 0}}, {-1, 1}, ""},
      {"a need beyond all numbers finds no room", {{"a", 0, 0}}, {INT64_MAX, INT64_MAX}, ""},
  };
  expect_choices(Order::bin_pack, cases);
}

void expect_told(const Placement& placement, const std::vector<std::pair<std::string, std::string>>& expected) {
  ASSERT_EQ(placement.candidates.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(placement.candidates[i].slot->node, expected[i].first);
    EXPECT_EQ(text_of(placement.candidates[i].passed_over), expected[i].second);
  }
}

TEST(Placement, SaysWhyTheOthersWerePassedOver) {
  const std::vector<std::string> failed = {"failed"};
  Cell cell({{"failed", 0, 0},
             {"tiny", 1'000, 0, "zone-a", 0, 9'000, 9'000'000},
             {"chosen", 6'000, 0},
             {"tied", 6'000, 0, "zone-b"},
             {"loaded", 20'000, 0},
             {"full", 32'000, 131'072}});
  expect_told(cell.choose({10'000, 49'152, &failed}, Order::least_loaded), {{"failed", "failed before"},
                                                                            {"tiny", "no room: vcpu"},
                                                                            {"chosen", ""},
                                                                            {"tied", "as loaded, later by name"},
                                                                            {"loaded", "more loaded"}});
}

TEST(Placement, ByBinPackSaysSoToo) {
  const std::vector<std::string> failed = {"failed"};
  Cell cell({{"full", 32'000, 131'072},
             {"failed", 22'000, 0},
             {"by-ram", 0, 90'000},
             {"chosen", 6'000, 0},
             {"tied", 6'000, 0, "zone-b"},
             {"idle", 0, 0}});
  expect_told(cell.choose({10'000, 49'152, &failed}, Order::bin_pack), {{"failed", "failed before"},
                                                                        {"by-ram", "no room: ram"},
                                                                        {"chosen", ""},
                                                                        {"tied", "as loaded, later by name"},
                                                                        {"idle", "less loaded"}});
}

TEST(Placement, NamesTheChosenEvenBehindManyThatHaveNoRoom) {
  std::vector<Room> all;
  for (int i = 0; i < 20; ++i) all.push_back({"small-" + std::to_string(i), 0, 0, "zone-a", 0, 1'000, 1'024});
  all.push_back({"large", 16'000, 0});
  Cell cell(all);
  const auto placement = cell.choose({2'000, 2'048}, Order::least_loaded);
  ASSERT_NE(placement.chosen, nullptr);
  ASSERT_EQ(placement.candidates.size(), candidates_max);
  EXPECT_EQ(placement.candidates[candidates_max - 1].slot->node, "large");
  EXPECT_EQ(placement.candidates[0].passed_over, schema::PassedOver::no_room_vcpu_ram);
}

// What the index answers, from a plain look at every slot: loads compared as fractions, in 128 bits, and all in order.
__extension__ using Wide = __int128;

int compare_loads(const schema::NumaRoom& a, const schema::NumaRoom& b) {
  const auto less = [](std::pair<Wide, Wide> one, std::pair<Wide, Wide> other) {
    return one.first * other.second < other.first * one.second;
  };
  const auto load = [&](const schema::NumaRoom& room) {
    const std::pair<Wide, Wide> vcpu{room.used_vcpu_milli(), room.vcpu_milli()};
    const std::pair<Wide, Wide> ram{room.used_ram_mib(), room.ram_mib()};
    return std::max(vcpu, ram, less);
  };
  return less(load(a), load(b)) ? -1 : less(load(b), load(a)) ? 1 : 0;
}

bool by_name(const Slot* a, const Slot* b) {
  return std::tie(a->zone(), a->node, a->numa) < std::tie(b->zone(), b->node, b->numa);
}

// Bin-pack tells nothing of those that are too loaded for any slot of the cell.
void leave_out_too_loaded(std::vector<const Slot*>& all, const Need& need) {
  if (all.empty()) return;
  const auto total = [](auto of) { return [of](const Slot* slot) { return (slot->room->*of)(); }; };
  const auto vcpu = std::ranges::max(all, {}, total(&schema::NumaRoom::vcpu_milli))->room->vcpu_milli();
  const auto ram = std::ranges::max(all, {}, total(&schema::NumaRoom::ram_mib))->room->ram_mib();
  const schema::NumaRoom by_vcpu(vcpu, 1, vcpu - need.vcpu_milli, 0, false);
  const schema::NumaRoom by_ram(1, ram, 0, ram - need.ram_mib, false);
  std::erase_if(all, [&](const Slot* slot) {
    return compare_loads(*slot->room, by_vcpu) > 0 && compare_loads(*slot->room, by_ram) > 0;
  });
}

std::string plain_choice(std::vector<const Slot*> all, const Need& need, Order order) {
  const bool packs = order == Order::bin_pack;
  if (packs) leave_out_too_loaded(all, need);
  std::ranges::sort(all, [&](const Slot* a, const Slot* b) {
    const auto load = compare_loads(*a->room, *b->room);
    return load != 0 ? (packs ? load > 0 : load < 0) : by_name(a, b);
  });
  const auto chosen = std::ranges::find_if(all, [&](const Slot* slot) { return can_take(*slot, need); });
  if (chosen == all.end()) return {};
  std::vector<std::string> told;
  for (auto slot = all.begin(); slot != all.end() && told.size() < candidates_max; ++slot) {
    if (slot < chosen && told.size() + 1 == candidates_max) slot = chosen;
    const auto why = schema::text_of(why_not(**slot, need));
    const bool tied = compare_loads(*(*chosen)->room, *(*slot)->room) == 0;
    const std::string after = slot == chosen ? ""
                              : tied         ? "as loaded, later by name"
                              : packs        ? "less loaded"
                                             : "more loaded";
    told.push_back(
        std::string((*slot)->node).append(":" + std::to_string((*slot)->numa) + " ").append(why.empty() ? after : why));
  }
  return testing::PrintToString(told);
}

std::string choice(Cell& cell, const Need& need, Order order) {
  const auto placement = cell.choose(need, order);
  if (placement.chosen == nullptr) return {};
  std::vector<std::string> told;
  for (const auto& [slot, why] : placement.candidates)
    told.push_back(std::string(slot->node).append(":" + std::to_string(slot->numa) + " ").append(schema::text_of(why)));
  return testing::PrintToString(told);
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::int64_t draw(std::int64_t below) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below));
  }

 private:
  std::mt19937_64 random_;
};

TEST(Placement, FindsWhatALookAtEverySlotFinds) {
  Dice dice(20260421);
  int found = 0;
  for (int round = 0; round < 6'000; ++round) {
    std::vector<Room> rooms;
    const auto count = dice.draw(12);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto vcpu = 1 + dice.draw(8);
      const auto ram = 1 + dice.draw(8);
      // Some use more than they have.
      rooms.push_back(
          {"n" + std::to_string(i), dice.draw(vcpu + 2), dice.draw(ram + 2), dice.draw(2) ? "a" : "b", 0, vcpu, ram});
    }
    const std::vector<std::string> failed = {"n0", "n3"};
    const Need need{dice.draw(5), dice.draw(5), dice.draw(2) ? &failed : nullptr};
    Cell cell(rooms);
    const auto order = round % 2 == 0 ? Order::least_loaded : Order::bin_pack;
    const auto plain = plain_choice(cell.all(), need, order);
    ASSERT_EQ(plain, choice(cell, need, order)) << "round " << round;
    found += plain.empty() ? 0 : 1;
  }
  EXPECT_GT(found, 500);
}

class ALifeOfPlacements : public testing::TestWithParam<Order> {};

// As a cell lives: it is filled by its order, and domains end anywhere. Few sizes, so that many are tied.
TEST_P(ALifeOfPlacements, FindsWhatALookAtEverySlotFinds) {
  Dice dice(20261122);
  std::vector<Room> rooms;
  for (int n = 0; n < 400; ++n) {
    for (std::uint32_t numa = 0; numa < 2; ++numa)
      rooms.push_back({"n" + std::to_string(n), 0, 0, n % 3 ? "a" : "b", numa, 8 + n % 5, 5});
  }
  Cell cell(rooms);
  const auto all = cell.all();
  ASSERT_EQ(all.size(), rooms.size());
  std::vector<std::pair<const Slot*, std::int64_t>> domains;
  int refused = 0;
  for (int step = 0; step < 20'000; ++step) {
    const bool filling = step / 5'000 % 2 == 0;
    if (!domains.empty() && dice.draw(4) < (filling ? 1 : 3)) {
      std::swap(domains[static_cast<std::size_t>(dice.draw(static_cast<std::int64_t>(domains.size())))],
                domains.back());
      cell.vacate(*domains.back().first, domains.back().second, 2);
      domains.pop_back();
      continue;
    }
    const Need need{1 + dice.draw(4), 2};
    if (step % 50 == 0) {
      ASSERT_EQ(plain_choice(all, need, GetParam()), choice(cell, need, GetParam())) << "step " << step;
    }
    const auto* chosen = cell.choose(need, GetParam()).chosen;
    if (chosen == nullptr) {
      ++refused;
      continue;
    }
    cell.occupy(*chosen, need.vcpu_milli, 2);
    domains.emplace_back(chosen, need.vcpu_milli);
  }
  EXPECT_TRUE(cell.slots().in_order());
  EXPECT_GT(refused, 100) << "it was never full";
}

INSTANTIATE_TEST_SUITE_P(Placement, ALifeOfPlacements, testing::ValuesIn(schema::EnumValuesPlacementOrder()),
                         [](const auto& order) { return schema::EnumNamePlacementOrder(order.param); });

TEST(Placement, TellsLoadsApartThatDifferByABillionthOfABillionth) {
  constexpr auto most = numa_amount_max;
  const auto load = [](std::int64_t used, std::int64_t total) {
    return load_of(schema::NumaRoom(total, 1, used, 0, false));
  };
  const std::pair<std::int64_t, std::int64_t> ascending[] = {{0, 1},
                                                             {1, most},
                                                             {1, most - 1},
                                                             {most / 2 - 1, most - 1},
                                                             {1, 2},
                                                             {most / 2, most - 1},
                                                             {most - 2, most - 1},
                                                             {most - 1, most},
                                                             {1, 1},
                                                             {most, most - 1},
                                                             {most - 1, most - 2},
                                                             {3, 2},
                                                             {most - 1, 1},
                                                             {most, 1}};
  for (std::size_t i = 1; i < std::size(ascending); ++i)
    EXPECT_LT(load(ascending[i - 1].first, ascending[i - 1].second), load(ascending[i].first, ascending[i].second))
        << i;
  EXPECT_EQ(load(1, 3), load(most / 3, most / 3 * 3));
  EXPECT_EQ(load(7, 3), load(most / 7 * 7, most / 7 * 3));
  EXPECT_EQ(load(most, most), load(1, 1));
}

TEST(Placement, KnowsWhetherANodeIsLeftThatWasNotTried) {
  Cell cell({{"a"}, {"b", 1'000}});
  EXPECT_TRUE(cell.slots().has_untried({"a"}));
  EXPECT_FALSE(cell.slots().has_untried({"a", "b"}));
}

}  // namespace
}  // namespace virtscale::orchestration
