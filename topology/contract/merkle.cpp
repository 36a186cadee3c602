#include "topology/contract/merkle.hpp"

namespace virtscale {
namespace {

constexpr std::byte leaf_prefix{0x00};
constexpr std::byte node_prefix{0x01};

std::string number_path(std::uint64_t number) {
  const auto group = [](std::uint64_t n) {
    std::string digits = std::to_string(n % 1000);
    return std::string(3 - digits.size(), '0') + digits;
  };
  std::string path = group(number);
  for (number /= 1000; number > 0; number /= 1000) path = "x" + group(number) + "/" + path;
  return path;
}

std::string with_width(std::string path, const Tile& tile) {
  path += number_path(tile.number);
  if (tile.width < tile_width) path += ".p/" + std::to_string(tile.width);
  return path;
}

}  // namespace

Digest leaf_hash(Bytes entry) {
  Sha256 hash;
  hash.update({&leaf_prefix, 1});
  hash.update(entry);
  return hash.finish();
}

std::vector<Digest> leaf_hashes(std::span<const Bytes> entries) {
  std::vector<Digest> hashes;
  hashes.reserve(entries.size());
  for (; entries.size() >= 2; entries = entries.subspan(2)) {
    Sha256 first;
    Sha256 second;
    first.update({&leaf_prefix, 1});
    second.update({&leaf_prefix, 1});
    Sha256::update_both(first, entries[0], second, entries[1]);
    hashes.push_back(first.finish());
    hashes.push_back(second.finish());
  }
  if (!entries.empty()) hashes.push_back(leaf_hash(entries[0]));
  return hashes;
}

Digest node_hash(const Digest& left, const Digest& right) {
  Sha256 hash;
  hash.update({&node_prefix, 1});
  hash.update(left);
  hash.update(right);
  return hash.finish();
}

Digest empty_root() {
  return sha256({});
}

Digest CompactRange::root() const {
  const auto peaks = this->peaks();
  if (peaks.empty()) return empty_root();
  auto root = peaks.back();
  for (auto peak = peaks.rbegin() + 1; peak != peaks.rend(); ++peak) root = node_hash(*peak, root);
  return root;
}

bool includes(std::uint64_t index, std::uint64_t size, const Digest& leaf, std::span<const Digest> proof,
              const Digest& root) {
  if (index >= size) return false;
  auto node = index;
  auto last = size - 1;
  auto hash = leaf;
  for (const auto& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) == 0 && node != last) {
      hash = node_hash(hash, sibling);
    } else {
      hash = node_hash(sibling, hash);
      for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool extends(const TreeHead& newer, const TreeHead& older, std::span<const Digest> proof) {
  if (older.size > newer.size) return false;
  if (older.size == newer.size) return proof.empty() && older.root == newer.root;
  if (older.size == 0) return proof.empty() && older.root == empty_root();
  auto node = older.size - 1;
  auto last = newer.size - 1;
  for (; (node & 1) != 0; node >>= 1) last >>= 1;
  // An older tree that is one perfect subtree is its own first hash, which the proof leaves out.
  auto older_hash = older.root;
  if (node != 0) {
    if (proof.empty()) return false;
    older_hash = proof.front();
    proof = proof.subspan(1);
  }
  auto newer_hash = older_hash;
  for (const auto& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      older_hash = node_hash(sibling, older_hash);
      newer_hash = node_hash(sibling, newer_hash);
      for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
    } else {
      newer_hash = node_hash(newer_hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && older_hash == older.root && newer_hash == newer.root;
}

std::string tile_path(const Tile& tile) {
  return with_width("tile/" + std::to_string(tile.level) + "/", tile);
}

std::string entries_path(const Tile& tile) {
  return with_width("tile/entries/", tile);
}

}  // namespace virtscale
