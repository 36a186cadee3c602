#include "topology/contract/event_hash.hpp"

#include <bit>
#include <cstring>

namespace virtscale {
namespace {

__extension__ using Product = unsigned __int128;

// Odd, and with as many one bits as zeros: the first digits of the fractional parts of pi and of e.
constexpr std::uint64_t first_key = 0x243f6a8885a308d3;
constexpr std::uint64_t second_key = 0xb7e151628aed2a6b;

std::uint64_t folded(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<Product>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t word_at(const std::byte* at) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace

std::uint64_t event_hash(Bytes bytes) {
  constexpr std::size_t step = 16;
  auto hash = first_key ^ bytes.size();
  std::size_t at = 0;
  for (; bytes.size() - at >= step; at += step) {
    hash = folded(word_at(bytes.data() + at) ^ second_key, word_at(bytes.data() + at + 8) ^ hash);
  }
  std::byte rest[step] = {};
  if (at < bytes.size()) std::memcpy(rest, bytes.data() + at, bytes.size() - at);
  hash = folded(word_at(rest) ^ second_key, word_at(rest + 8) ^ hash);
  return folded(hash ^ first_key, second_key);
}

std::uint64_t chained(std::uint64_t history, std::uint64_t offset, std::uint64_t hash) {
  return folded(history ^ offset ^ first_key, hash ^ second_key);
}

}  // namespace virtscale
