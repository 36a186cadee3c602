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
std::span<std::byte> encode_row(const Number& number, Arena& arena) {
  return arena.copy(std::as_bytes(std::span(&number.value, 1)));
}
bool decode_row(Bytes bytes, Number& number) {
  if (bytes.size() != sizeof number.value) return false;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::byte*>(&number.value));
  return true;
}
const flatbuffers::TypeTable* row_type(const Number*) {
  return nullptr;
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
    Arena arena;
    table.drain_changes(arena, [&](std::string_view key, const Bytes* value) {
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
  Arena arena;
  ASSERT_TRUE(table.load("a", encode_row(test::Number{7}, arena)));
  EXPECT_FALSE(table.load("b", Bytes()));
  EXPECT_EQ(table.find("a")->value, 7);
  table.erase("a");
  EXPECT_THAT(drain(), ElementsAre(Pair("a", std::nullopt)));
}

TEST_F(TableTest, AddsARowOnceAndTakesItOnce) {
  auto* row = table.add("a");
  ASSERT_NE(row, nullptr);
  row->value = 5;
  EXPECT_EQ(table.add("a"), nullptr);
  EXPECT_THAT(drain(), ElementsAre(Pair("a", 5)));
  EXPECT_EQ(table.take("a")->value, 5);
  EXPECT_FALSE(table.take("a"));
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

// Property: an answer about order is that of std::map, however many rows came and went since the last question.
TEST_F(TableTest, TellsTheOrderOfAMapWheneverItIsAsked) {
  std::mt19937 random(23);
  std::map<std::string, std::int64_t, std::less<>> wanted;
  for (int i = 0; i < 50'000; ++i) {
    const auto key = "row/" + std::to_string(random() % 3'000);
    if (random() % 5 < 3) {
      table.modify(key).value = wanted[key] = i;
    } else {
      table.erase(key);
      wanted.erase(key);
    }
    if (random() % (i < 25'000 ? 500 : 2) != 0) continue;
    const auto from = "row/" + std::to_string(random() % 3'000);
    const auto found = table.at_or_after(from);
    const auto there = wanted.lower_bound(from);
    ASSERT_EQ(found.value != nullptr, there != wanted.end()) << from << " after " << i;
    if (found.value == nullptr) continue;
    ASSERT_EQ(found.key, there->first);
    ASSERT_EQ(found.value->value, there->second);
  }
  for (const std::string prefix : {"", "row/1", "row/29", "row/3", "s"}) {
    auto next = wanted.lower_bound(prefix);
    table.each(prefix, [&](std::string_view key, const test::Number& number) {
      EXPECT_EQ(key, next->first);
      EXPECT_EQ(number.value, next->second);
      ++next;
      return true;
    });
    EXPECT_TRUE(next == wanted.end() || !next->first.starts_with(prefix)) << prefix;
  }
}

// Replay never drains: what is noted must be bounded by the rows that are there.
TEST_F(TableTest, TellsChangesInTheirOrderWhenMostRowsHaveGone) {
  std::vector<std::string> kept;
  for (int i = 0; i < 10'000; ++i) {
    const auto key = std::to_string(i);
    table.modify(key).value = i;
    if (i % 100 == 0) {
      kept.push_back(key);
    } else {
      table.erase(key);
    }
  }
  std::vector<std::string> told;
  for (const auto& [key, value] : drain()) told.push_back(key);
  EXPECT_EQ(told, kept);
}

TEST_F(TableTest, ARowKeepsItsPlaceInMemoryWhileOthersComeAndGo) {
  auto& row = table.modify("stays");
  for (int i = 0; i < 1'000; ++i) table.modify(std::to_string(i));
  for (int i = 0; i < 1'000; i += 2) table.erase(std::to_string(i));
  table.each("", [](std::string_view, const test::Number&) { return true; });
  EXPECT_EQ(table.find("stays"), &row);
}

// Keys of every length, so that those that differ in one byte only, wherever it stands, are told apart.
TEST_F(TableTest, TellsKeysApartThatDifferInOneByte) {
  for (std::size_t length = 1; length < 70; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      std::string key(length, 'k');
      key[at] = 'x';
      table.modify(key).value = static_cast<std::int64_t>(length * 100 + at);
    }
  }
  EXPECT_EQ(table.size(), 69U * 70U / 2);
  for (std::size_t length = 1; length < 70; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      std::string key(length, 'k');
      key[at] = 'x';
      ASSERT_NE(table.find(key), nullptr) << key;
      EXPECT_EQ(table.find(key)->value, static_cast<std::int64_t>(length * 100 + at));
    }
    EXPECT_EQ(table.find(std::string(length, 'k')), nullptr);
  }
}

}  // namespace
}  // namespace virtscale
