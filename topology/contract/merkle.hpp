// The Merkle tree of a ledger: RFC 6962 hashing, growth by a compact range, proofs, and C2SP tlog-tiles arithmetic.
//
// The one thing to know: a tree of n lines is kept as the at most 64 roots of its perfect subtrees, so a line is
// appended in O(1) amortised, and neither the lines nor the tree are needed for it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "topology/contract/event.hpp"
#include "topology/contract/sha256.hpp"

namespace virtscale {

// --- Hashing (RFC 6962, 2.1) ---------------------------------------------------------------------------------------

/// SHA-256(0x00 || entry).
Digest leaf_hash(Bytes entry);
/// Of each entry: two are hashed side by side, in 0.67 to 0.82 of the time.
std::vector<Digest> leaf_hashes(std::span<const Bytes> entries);
/// SHA-256(0x01 || left || right).
Digest node_hash(const Digest& left, const Digest& right);
/// The root of the tree without leaves: SHA-256 of nothing.
Digest empty_root();

/// A node of the tree: the root of the perfect subtree over the leaves [index << height, (index + 1) << height).
struct MerkleNode {
  unsigned height = 0;
  std::uint64_t index = 0;
  Digest hash{};
};

/// The roots of the perfect subtrees that a tree of `size` leaves consists of, largest first: enough to append to the
/// tree and to know its root. There is one for each one bit of `size`.
class CompactRange {
 public:
  CompactRange() = default;
  /// The range that `size()` and `peaks()` gave. REQUIRES: `peaks.size()` is the number of one bits of `size`.
  CompactRange(std::uint64_t size, std::span<const Digest> peaks) : size_(size) {
    std::copy_n(peaks.begin(), std::min(peaks.size(), peaks_.size()), peaks_.begin());
  }

  /// Appends a leaf.
  void append(const Digest& leaf) {
    append(leaf, [](const MerkleNode&) {});
  }

  /// Appends a leaf, and calls `completed(node)` for it and for each subtree that it completes, lowest first.
  template <class Completed>
  void append(const Digest& leaf, Completed completed) {
    MerkleNode node{0, size_, leaf};
    completed(node);
    auto last = peaks_.begin() + std::popcount(size_);
    for (; (node.index & 1) != 0; ++node.height, node.index >>= 1) {
      node.hash = node_hash(*--last, node.hash);
      completed(MerkleNode{node.height + 1, node.index >> 1, node.hash});
    }
    *last = node.hash;
    ++size_;
  }

  std::uint64_t size() const { return size_; }
  /// Borrowed from the range, until it changes.
  std::span<const Digest> peaks() const { return {peaks_.data(), static_cast<std::size_t>(std::popcount(size_))}; }
  Digest root() const;

 private:
  std::uint64_t size_ = 0;
  std::array<Digest, 64> peaks_;  // the first popcount(size_) of them
};

// --- Proofs (RFC 6962, 2.1.1 and 2.1.2; verified as RFC 9162, 2.1.3.2 and 2.1.4.2) --------------------------------

/// Gives the hash of the tree over the leaves [begin, end): RFC 6962's MTH(D[begin:end]).
/// REQUIRES of whoever calls it: end − begin is a power of two and divides begin.
template <class Source>
concept PerfectSubtrees = requires(Source source, std::uint64_t leaf) {
  { source(leaf, leaf) } -> std::same_as<Digest>;
};

/// The largest power of two below `n`. REQUIRES: n ≥ 2.
constexpr std::uint64_t split_of(std::uint64_t n) {
  std::uint64_t k = 1;
  while (k < n - k) k <<= 1;
  return k;
}

/// MTH(D[begin:end]) from perfect subtrees. REQUIRES: begin < end, and [begin, end) is a range that RFC 6962 forms.
template <PerfectSubtrees Source>
Digest range_hash(Source& source, std::uint64_t begin, std::uint64_t end) {
  const auto n = end - begin;
  if ((n & (n - 1)) == 0) return source(begin, end);
  const auto k = split_of(n);
  return node_hash(source(begin, begin + k), range_hash(source, begin + k, end));
}

/// The inclusion proof of leaf `index` in a tree of `size` leaves, from the leaf's sibling upwards.
/// REQUIRES: index < size.
template <PerfectSubtrees Source>
std::vector<Digest> inclusion_proof(Source& source, std::uint64_t index, std::uint64_t size) {
  std::vector<Digest> proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const auto middle = begin + split_of(end - begin);
    const bool left = index < middle;
    proof.push_back(left ? range_hash(source, middle, end) : range_hash(source, begin, middle));
    (left ? end : begin) = middle;
  }
  return {proof.rbegin(), proof.rend()};
}

/// The consistency proof between the trees of `older` and `size` leaves. REQUIRES: 0 < older ≤ size.
template <PerfectSubtrees Source>
std::vector<Digest> consistency_proof(Source& source, std::uint64_t older, std::uint64_t size) {
  std::vector<Digest> proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end != older) {
    const auto middle = begin + split_of(end - begin);
    const bool left = older <= middle;
    proof.push_back(left ? range_hash(source, middle, end) : range_hash(source, begin, middle));
    (left ? end : begin) = middle;
  }
  if (begin != 0) proof.push_back(range_hash(source, begin, end));
  return {proof.rbegin(), proof.rend()};
}

/// Whether `proof` shows that leaf `index` with the hash `leaf` is in the tree of `size` leaves with this root.
bool includes(std::uint64_t index, std::uint64_t size, const Digest& leaf, std::span<const Digest> proof,
              const Digest& root);

/// A tree as a checkpoint names it.
struct TreeHead {
  std::uint64_t size = 0;
  Digest root{};
  friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

/// Whether `proof` shows that `newer` begins with the leaves of `older`. The empty tree is the beginning of every tree,
/// and a tree that of itself, both with an empty proof.
bool extends(const TreeHead& newer, const TreeHead& older, std::span<const Digest> proof);

// --- Tiles (C2SP tlog-tiles) ---------------------------------------------------------------------------------------

/// Hashes in a full tile, and entries in a full bundle.
inline constexpr std::uint64_t tile_width = 256;
/// A tile of level L holds nodes of the height 8 L.
inline constexpr unsigned tile_height = 8;
/// An entry's length is written in 16 bits.
inline constexpr std::size_t entry_bytes_max = 65'535;

/// One tile, or the bundle of entries beside the tile of level 0 with the same number. `width` is 1 to 256.
struct Tile {
  unsigned level = 0;
  std::uint64_t number = 0;
  std::uint64_t width = tile_width;
  friend bool operator==(const Tile&, const Tile&) = default;
};

/// `tile/<L>/<N>`, with `.p/<W>` if the tile is partial; N in groups of three digits: `tile/0/x001/x234/067`.
std::string tile_path(const Tile& tile);
/// `tile/entries/<N>`, likewise.
std::string entries_path(const Tile& tile);

/// The number of hashes of level `level` in a tree of `size` leaves.
constexpr std::uint64_t level_size(unsigned level, std::uint64_t size) {
  return level * tile_height < 64 ? size >> (level * tile_height) : 0;
}
/// How wide tile `number` of `level` is in a tree of `size` leaves: 0 if it is not there, 256 if it is full.
constexpr std::uint64_t width_of(unsigned level, std::uint64_t number, std::uint64_t size) {
  const auto hashes = level_size(level, size);
  if (number >= (hashes + tile_width - 1) / tile_width) return 0;
  return std::min(tile_width, hashes - number * tile_width);
}

}  // namespace virtscale
