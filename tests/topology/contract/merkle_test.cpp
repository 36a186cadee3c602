// The tree against RFC 6962's own recursive definition, its proofs and how they fail, and C2SP's tile arithmetic.
#include "topology/contract/merkle.hpp"

#include <gtest/gtest.h>

#include <string>

namespace virtscale {
namespace {

Digest leaf(std::uint64_t index) {
  const auto text = "line " + std::to_string(index);
  return leaf_hash(std::as_bytes(std::span(text.data(), text.size())));
}

// RFC 6962, 2.1, word for word.
Digest tree_hash(std::uint64_t begin, std::uint64_t end) {
  if (begin == end) return empty_root();
  if (end - begin == 1) return leaf(begin);
  std::uint64_t k = 1;
  while (k * 2 < end - begin) k *= 2;
  return node_hash(tree_hash(begin, begin + k), tree_hash(begin + k, end));
}

struct Recursive {
  Digest operator()(std::uint64_t begin, std::uint64_t end) { return tree_hash(begin, end); }
};

TEST(LeafHashes, AreThoseOfEachEntryInTheirOrder) {
  const std::string text(500, 'x');
  std::vector<Bytes> entries;
  std::vector<Digest> each;
  for (std::size_t count = 0; count < 6; ++count) {
    ASSERT_EQ(leaf_hashes(entries), each) << count;
    entries.push_back(std::as_bytes(std::span(text.data(), 100 * count)));
    each.push_back(leaf_hash(entries.back()));
  }
}

TEST(CompactRange, HasTheRootOfTheDefinitionAtEverySize) {
  CompactRange range;
  for (std::uint64_t size = 0; size < 300; ++size) {
    ASSERT_EQ(range.size(), size);
    ASSERT_EQ(range.root(), tree_hash(0, size)) << size;
    range.append(leaf(size));
  }
}

TEST(CompactRange, GoesOnFromItsPeaks) {
  CompactRange range;
  for (std::uint64_t i = 0; i < 77; ++i) range.append(leaf(i));
  CompactRange again(range.size(), range.peaks());
  again.append(leaf(77));
  EXPECT_EQ(again.root(), tree_hash(0, 78));
}

TEST(CompactRange, NamesEverySubtreeThatALeafCompletes) {
  CompactRange range;
  std::vector<MerkleNode> completed;
  for (std::uint64_t i = 0; i < 8; ++i)
    range.append(leaf(i), [&](const MerkleNode& node) { completed.push_back(node); });
  ASSERT_EQ(completed.size(), 15U);
  for (const auto& node : completed)
    EXPECT_EQ(node.hash, tree_hash(node.index << node.height, (node.index + 1) << node.height));
}

TEST(InclusionProof, HoldsForEveryLeafOfEveryTree) {
  Recursive source;
  for (std::uint64_t size = 1; size <= 40; ++size) {
    for (std::uint64_t index = 0; index < size; ++index)
      ASSERT_TRUE(includes(index, size, leaf(index), inclusion_proof(source, index, size), tree_hash(0, size)));
  }
}

TEST(InclusionProof, FailsForAnotherLeafIndexSizeRootAndForAProofThatWasTouched) {
  Recursive source;
  const auto root = tree_hash(0, 13);
  for (std::uint64_t index = 0; index < 13; ++index) {
    auto proof = inclusion_proof(source, index, 13);
    EXPECT_FALSE(includes(index, 13, leaf(index + 1), proof, root));
    EXPECT_FALSE(includes((index + 1) % 13, 13, leaf(index), proof, root));
    EXPECT_FALSE(includes(index, 13, leaf(index), proof, tree_hash(0, 14)));
    EXPECT_FALSE(includes(index + 13, 13, leaf(index), proof, root));
    auto longer = proof;
    longer.push_back(root);
    EXPECT_FALSE(includes(index, 13, leaf(index), longer, root));
    auto touched = proof;
    touched[0][0] ^= std::byte{1};
    EXPECT_FALSE(includes(index, 13, leaf(index), touched, root));
    proof.pop_back();
    EXPECT_FALSE(includes(index, 13, leaf(index), proof, root));
  }
}

TEST(ConsistencyProof, HoldsBetweenEveryTwoSizes) {
  Recursive source;
  for (std::uint64_t size = 1; size <= 40; ++size) {
    for (std::uint64_t older = 1; older <= size; ++older)
      ASSERT_TRUE(
          extends({size, tree_hash(0, size)}, {older, tree_hash(0, older)}, consistency_proof(source, older, size)))
          << older << " " << size;
  }
}

TEST(ConsistencyProof, FailsForATreeWithAnotherPast) {
  Recursive source;
  for (std::uint64_t older = 1; older < 20; ++older) {
    auto proof = consistency_proof(source, older, 20);
    EXPECT_FALSE(extends({20, tree_hash(0, 20)}, {older, tree_hash(1, older + 1)}, proof));
    EXPECT_FALSE(extends({20, tree_hash(1, 21)}, {older, tree_hash(0, older)}, proof));
    proof.pop_back();
    EXPECT_FALSE(extends({20, tree_hash(0, 20)}, {older, tree_hash(0, older)}, proof));
  }
  EXPECT_FALSE(extends({19, tree_hash(0, 19)}, {20, tree_hash(0, 20)}, {}));
  EXPECT_TRUE(extends({19, tree_hash(0, 19)}, {0, empty_root()}, {}));
}

// The examples of C2SP tlog-tiles.
TEST(Tiles, AreNamedAsC2spSays) {
  EXPECT_EQ(tile_path({0, 5}), "tile/0/005");
  EXPECT_EQ(tile_path({3, 1234067}), "tile/3/x001/x234/067");
  EXPECT_EQ(tile_path({1, 0, 17}), "tile/1/000.p/17");
  EXPECT_EQ(entries_path({0, 1000, 1}), "tile/entries/x001/000.p/1");
}

TEST(Tiles, HaveTheWidthsOfATreeOf70000) {
  EXPECT_EQ(width_of(0, 272, 70'000), 256U);
  EXPECT_EQ(width_of(0, 273, 70'000), 112U);
  EXPECT_EQ(width_of(0, 274, 70'000), 0U);
  EXPECT_EQ(width_of(1, 0, 70'000), 256U);
  EXPECT_EQ(width_of(1, 1, 70'000), 17U);
  EXPECT_EQ(width_of(2, 0, 70'000), 1U);
  EXPECT_EQ(width_of(3, 0, 70'000), 0U);
  EXPECT_EQ(width_of(1, 0, 256), 1U);
  EXPECT_EQ(width_of(8, 0, ~std::uint64_t{0}), 0U);
}

}  // namespace
}  // namespace virtscale
