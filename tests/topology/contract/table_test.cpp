// What a table tells the store about its changes, and that a store that heard it holds the same rows.
#include "topology/contract/table.hpp"

#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <random>

namespace virtscale {
namespace test {

struct Number {
  std::int64_t value = 0;
};
std::vector<std::byte> encode_row(const Number& number) {
  const auto* begin = reinterpret_cast<const std::byte*>(&number.value);
  return {begin, begin + sizeof number.value};
}
bool decode_row(Bytes bytes, Number& number) {
  if (bytes.size() != sizeof number.value) return false;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::byte*>(&number.value));
  return true;
}
std::string print_row(Bytes, const Number*) {
  return "a number";
}

}  // namespace test

namespace {

using Stored = std::map<std::string, std::int64_t>;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class TableTest : public testing::Test {
 protected:
  std::vector<std::pair<std::string, std::optional<std::int64_t>>> drain() {
    std::vector<std::pair<std::string, std::optional<std::int64_t>>> changes;
    table.drain_changes([&](std::string_view key, const Bytes* value) {
      test::Number number;
      if (value != nullptr) decode_row(*value, number);
      changes.emplace_back(key, value == nullptr ? std::nullopt : std::optional(number.value));
    });
    for (const auto& [key, value] : changes) {
      if (value) {
        stored[key] = *value;
      } else {
        stored.erase(key);
      }
    }
    return changes;
  }

  Table<test::Number> table{"numbers"};
  Stored stored;
};

TEST_F(TableTest, TellsAChangedRowOnce) {
  table.modify("a").value = 1;
  table.modify("a").value = 2;
  EXPECT_THAT(drain(), ElementsAre(Pair("a", 2)));
  EXPECT_THAT(drain(), IsEmpty());
}

TEST_F(TableTest, LeavesNoTraceOfARowThatCameAndWent) {
  table.modify("a").value = 1;
  table.erase("a");
  EXPECT_THAT(drain(), IsEmpty());
}

TEST_F(TableTest, TellsThatAStoredRowIsErased) {
  table.modify("a").value = 1;
  drain();
  table.erase("a");
  EXPECT_THAT(drain(), ElementsAre(Pair("a", std::nullopt)));
}

TEST_F(TableTest, ARowThatIsMadeAgainOutlivesItsErasure) {
  table.modify("a").value = 1;
  drain();
  table.erase("a");
  table.modify("a").value = 3;
  drain();
  EXPECT_THAT(stored, ElementsAre(Pair("a", 3)));
}

TEST_F(TableTest, ALoadedRowIsKnownToTheStore) {
  ASSERT_TRUE(table.load("a", encode_row(test::Number{7})));
  EXPECT_FALSE(table.load("b", Bytes()));
  EXPECT_EQ(table.find("a")->value, 7);
  table.erase("a");
  EXPECT_THAT(drain(), ElementsAre(Pair("a", std::nullopt)));
}

TEST_F(TableTest, EachVisitsAPrefixInOrder) {
  for (const auto* key : {"b/2", "a/1", "b/1", "c"}) table.modify(key);
  std::vector<std::string> visited;
  table.each("b/", [&](std::string_view key, const test::Number&) {
    visited.emplace_back(key);
    return true;
  });
  EXPECT_THAT(visited, ElementsAre("b/1", "b/2"));
}

// Property: whatever is done, a store that hears every drain holds what the table holds.
TEST_F(TableTest, AStoreThatHearsEveryDrainHoldsTheSameRows) {
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const auto key = std::to_string(random() % 40);
    switch (random() % 8) {
      case 0:
      case 1:
        table.erase(key);
        break;
      case 2:
        drain();
        break;
      default:
        table.modify(key).value = static_cast<std::int64_t>(i);
    }
  }
  drain();
  Stored held;
  table.each("", [&](std::string_view key, const test::Number& number) {
    held.emplace(key, number.value);
    return true;
  });
  EXPECT_EQ(stored, held);
}

// Property: what is found by key is what stands in the order, while the table grows to thousands of rows and shrinks.
TEST_F(TableTest, FindsByKeyWhatStandsInTheOrder) {
  std::mt19937 random(5);
  const auto draw_key = [&] {
    const auto n = random() % 5'000;
    return std::string(n % 41, 'k') + std::to_string(n);
  };
  std::map<std::string, std::int64_t> wanted;
  for (int i = 0; i < 100'000; ++i) {
    const auto key = draw_key();
    const bool grows = i / 20'000 % 2 == 0;
    if (random() % 4 < (grows ? 3U : 1U)) {
      table.modify(key).value = wanted[key] = i;
    } else {
      table.erase(key);
      wanted.erase(key);
    }
    const auto other = draw_key();
    const auto* found = table.find(other);
    const auto there = wanted.find(other);
    ASSERT_EQ(found != nullptr, there != wanted.end()) << other << " after " << i;
    if (found != nullptr) {
      ASSERT_EQ(found->value, there->second) << other;
    }
  }
  EXPECT_EQ(table.size(), wanted.size());
  auto next = wanted.begin();
  table.each("", [&](std::string_view key, const test::Number& number) {
    EXPECT_EQ(key, next->first);
    EXPECT_EQ(number.value, next->second);
    return ++next != wanted.end();
  });
}

}  // namespace
}  // namespace virtscale
