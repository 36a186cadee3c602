// BLAKE2b, partitions and ids against libsodium and known values.
#include <gtest/gtest.h>
#include <sodium.h>

#include <random>

#include "topology/contract/blake2b.hpp"
#include "topology/contract/event_hash.hpp"

namespace virtscale {
namespace {

TEST(Blake2b, AgreesWithLibsodiumAtEveryLengthUpToFiveBlocks) {
  std::mt19937 random(1);
  std::vector<std::byte> bytes;
  for (int size = 0; size <= 640; ++size) {
    std::array<std::byte, 32> expected;
    crypto_generichash_blake2b(reinterpret_cast<unsigned char*>(expected.data()), expected.size(),
                               reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr, 0);
    ASSERT_EQ(blake2b_256(bytes), expected) << size;
    bytes.push_back(static_cast<std::byte>(random()));
  }
}

TEST(EventHash, DependsOnEveryBitAndOnTheLength) {
  std::mt19937 random(2);
  for (std::size_t size = 0; size < 70; ++size) {
    std::vector<std::byte> bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    const auto hash = event_hash(bytes);
    auto longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_NE(event_hash(longer), hash);
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      bytes[bit / 8] ^= std::byte{1} << (bit % 8);
      EXPECT_NE(event_hash(bytes), hash) << size << " bytes, bit " << bit;
      bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    }
  }
}

TEST(EventHash, IsTheSameForEver) {
  std::vector<std::byte> bytes(100);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
  EXPECT_EQ(event_hash(bytes), 7313745085362519448U);
  EXPECT_EQ(event_hash({}), 3980540330138432771U);
}

TEST(EventHash, IsTheSameForEverWithAnyNumberOfBytes) {
  std::vector<std::byte> bytes;
  std::uint64_t all = 0;
  for (std::size_t size = 0; size < 64; ++size) {
    all = chained(all, size, event_hash(bytes));
    bytes.push_back(static_cast<std::byte>(size * 37 + 1));
  }
  EXPECT_EQ(all, 16301180478018551181U);
}

// Expected values from Kafka's own test of Utils.murmur2 (UtilsTest): "21" → -973932308, "foobar" → -790332482,
// "a-little-bit-long-string" → -985981536, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8" → -58897971.
TEST(PartitionOf, AgreesWithKafkasDefaultPartitioner) {
  const auto expected = [](std::int32_t murmur) { return static_cast<std::uint32_t>(murmur & 0x7fffffff); };
  constexpr std::uint32_t all = 0x7fffffff;
  EXPECT_EQ(partition_of("21", all), expected(-973932308));
  EXPECT_EQ(partition_of("foobar", all), expected(-790332482));
  EXPECT_EQ(partition_of("a-little-bit-long-string", all), expected(-985981536));
  EXPECT_EQ(partition_of("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", all), expected(-58897971));
}

TEST(ScaleId, PrintsAndParses) {
  const auto scale = scale_of({5, 1, 0, Source::signal});
  EXPECT_TRUE(scale);
  EXPECT_EQ(parse_scale(to_string(scale)), scale);
  EXPECT_EQ(to_string({0x7f3a91c04be2}), "evt-7f3a91c04be2");
  for (const auto bad : {"", "evt-", "evt-7f3a91c04be", "evt-7F3A91C04BE2", "evt-7f3a91c04be2x", "ev-7f3a91c04be22"}) {
    EXPECT_FALSE(parse_scale(bad)) << bad;
  }
}

// Wherever the blank lies: within one step of the hash, across two, at the end.
TEST(EventHash, OfBytesWithABlankIsThatOfBytesWithZeros) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < 100; ++i) {
    bytes.push_back(std::byte(i * 37 + 11));
    for (std::size_t blank_at = 0; blank_at + 8 <= bytes.size(); ++blank_at) {
      auto blanked = bytes;
      std::fill_n(blanked.begin() + static_cast<std::ptrdiff_t>(blank_at), 8, std::byte{0});
      ASSERT_EQ(event_hash(bytes, blank_at), event_hash(blanked)) << bytes.size() << " bytes, blank at " << blank_at;
    }
  }
}

}  // namespace
}  // namespace virtscale
