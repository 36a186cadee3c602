#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <random>
#include <set>

#include "stages/orchestration/placement.hpp"

namespace virtscale::orchestration {
namespace {

// The order beside one that is plain.
class Both {
 public:
  explicit Both(std::uint32_t slots, std::uint64_t step) {
    for (std::uint32_t slot = 0; slot < slots; ++slot) standings.push_back({slot * step, slot});
    order_ = LoadOrder(standings);
    plain_ = {standings.begin(), standings.end()};
  }

  void move(std::uint32_t slot, std::uint64_t load) {
    const Standing to{load, slot};
    if (to == standings[slot]) return;
    order_.move(standings[slot], to);
    plain_.erase(standings[slot]);
    plain_.insert(to);
    standings[slot] = to;
  }
  std::uint32_t first() const { return plain_.begin()->slot; }
  void expect_same() const {
    auto next = plain_.begin();
    order_.each([&](std::uint32_t slot) { return next != plain_.end() && next++->slot == slot; });
    EXPECT_EQ(next, plain_.end());
    std::size_t told = 0;
    order_.each([&](std::uint32_t) { return ++told, true; });
    EXPECT_EQ(told, plain_.size());
    for (const std::uint64_t load : {std::uint64_t{0}, std::uint64_t{777}, std::uint64_t{9'000}, ~std::uint64_t{0}})
      expect_same_downwards_from(load);
  }

  std::vector<Standing> standings;

 private:
  void expect_same_downwards_from(std::uint64_t load) const {
    std::vector<Standing> expected;
    std::ranges::copy_if(plain_, std::back_inserter(expected), [&](const Standing& one) { return one.load <= load; });
    std::ranges::stable_sort(expected, std::ranges::greater{}, &Standing::load);
    std::vector<std::uint32_t> told;
    order_.each_down(load, [&](std::uint32_t slot) { return told.push_back(slot), true; });
    ASSERT_EQ(told.size(), expected.size()) << "from " << load;
    EXPECT_TRUE(std::ranges::equal(told, expected, {}, {}, &Standing::slot)) << "from " << load;
  }

  LoadOrder order_{{}};
  std::set<Standing> plain_;
};

TEST(LoadOrder, IsThatOfASortedSetWhateverMoves) {
  std::mt19937_64 random(7);
  const std::function<void(Both&)> lives[] = {
      [&](Both& both) { both.move(static_cast<std::uint32_t>(random() % 5'000), random() % 10'000); },
      [&](Both& both) { both.move(both.first(), random() % 10'000); },
      // All come to one place, and are spread again.
      [&](Both& both) { both.move(static_cast<std::uint32_t>(random() % 5'000), 777); },
      [&](Both& both) { both.move(static_cast<std::uint32_t>(random() % 5'000), random()); },
      // The first becomes the last, and the other way round.
      [&](Both& both) { both.move(both.first(), 1ULL << 63U); },
      [&](Both& both) { both.move(static_cast<std::uint32_t>(random() % 5'000), 0); },
  };
  Both both(5'000, 3);
  both.expect_same();
  for (const auto& life : lives) {
    for (int n = 0; n < 20'000; ++n) {
      life(both);
      if (n % 1'000 == 0) both.expect_same();
    }
    both.expect_same();
  }
}

TEST(LoadOrder, OfNoneAndOfOne) {
  Both(0, 1).expect_same();
  Both one(1, 1);
  one.move(0, 5);
  one.move(0, 0);
  one.expect_same();
}

TEST(LoadOrder, VisitsNoFurtherThanItIsAsked) {
  Both both(1'000, 1);
  const LoadOrder order(both.standings);
  std::vector<std::uint32_t> visited;
  order.each([&](std::uint32_t slot) { return visited.push_back(slot), visited.size() < 3; });
  EXPECT_EQ(visited, (std::vector<std::uint32_t>{0, 1, 2}));
  visited.clear();
  order.each_down(500, [&](std::uint32_t slot) { return visited.push_back(slot), visited.size() < 3; });
  EXPECT_EQ(visited, (std::vector<std::uint32_t>{500, 499, 498}));
}

}  // namespace
}  // namespace virtscale::orchestration
