// Arena: what it gives out stays where it is, and encoding into it makes the bytes that encoding elsewhere makes.
#include "topology/contract/arena.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

#include "schemas/codec.hpp"

namespace virtscale {
namespace {

bool is_aligned(const void* piece) {
  return reinterpret_cast<std::uintptr_t>(piece) % Arena::alignment == 0;
}

TEST(Arena, KeepsWhatWasCopiedWhateverFollows) {
  Arena arena;
  std::mt19937 random(7);
  std::vector<std::pair<std::string, std::string_view>> copies;
  for (int i = 0; i < 5'000; ++i) {
    std::string text(random() % 300, static_cast<char>('a' + i % 26));
    const auto copy = arena.copy(text);
    ASSERT_TRUE(is_aligned(copy.data()));
    copies.emplace_back(std::move(text), copy);
  }
  for (const auto& [text, copy] : copies) ASSERT_EQ(copy, text);
}

TEST(Arena, GivesNoPieceTwiceUntilItIsCleared) {
  Arena arena;
  auto* const first = arena.allocate(64);
  EXPECT_GE(first, arena.allocate(64) + 64);
  arena.clear();
  arena.clear();
  EXPECT_TRUE(is_aligned(arena.allocate(10 * Arena::kept_bytes_max))) << "as large as one likes";
}

TEST(Arena, ExtendsTheNewestPieceOnlyAndTakesBackWhatIsNotUsed) {
  Arena arena;
  auto* const older = arena.allocate(32);
  auto* const newest = arena.allocate(32);
  EXPECT_EQ(arena.extend(older, 32), nullptr);
  EXPECT_EQ(arena.extend(newest, 32), newest - 32);
  EXPECT_EQ(arena.extend(newest - 32, 10 * Arena::kept_bytes_max), nullptr) << "there is no room";
  arena.trim(newest + 3);
  EXPECT_EQ(arena.allocate(8), newest - 8) << "the piece begins at the last multiple below what is used";
}

TEST(Arena, MakesBlankValues) {
  Arena arena;
  for (auto& byte : std::span(arena.allocate(800), 800)) byte = std::byte{0xff};
  arena.clear();
  for (const auto value : arena.make<std::uint64_t>(100)) EXPECT_EQ(value, 0U);
}

TEST(Arena, HoldsEventsThatAreTheSameBytesAsElsewhere) {
  Arena arena;
  std::vector<std::pair<std::vector<std::byte>, std::span<std::byte>>> events;
  for (std::size_t size = 0; size < 40'000; size = size * 3 / 2 + 7) {
    schema::RecordRejectedT body;
    body.reason = std::string(size % 97, 'r');
    body.key = "acme/web";
    body.value.assign(size, 0x5a);
    events.emplace_back(schema::encode(body, "acme"), encode(body, "acme", arena));
  }
  for (const auto& [elsewhere, here] : events) {
    ASSERT_TRUE(is_aligned(here.data() + here.size())) << "numbers in it are read where they lie";
    ASSERT_TRUE(std::ranges::equal(elsewhere, here));
  }
}

}  // namespace
}  // namespace virtscale
