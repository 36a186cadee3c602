#include "topology/contract/event_hash.hpp"

#include <algorithm>
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

constexpr std::size_t step = 16;
constexpr std::size_t blank_bytes = 8;

// All whole steps of `bytes`.
std::uint64_t absorbed(std::uint64_t hash, Bytes bytes) {
  for (; bytes.size() >= step; bytes = bytes.subspan(step))
    hash = folded(word_at(bytes.data()) ^ second_key, word_at(bytes.data() + 8) ^ hash);
  return hash;
}

// Fewer than 8 bytes, with zeros behind them.
std::uint64_t last_word(Bytes bytes) {
  std::uint64_t word = 0;
  for (auto at = bytes.size(); at-- > 0;) word = word << 8 | std::to_integer<std::uint64_t>(bytes[at]);
  return word;
}

// Whole steps, then what is left with zeros behind it, even if that is nothing.
std::uint64_t ended(std::uint64_t hash, Bytes bytes) {
  hash = absorbed(hash, bytes);
  const auto rest = bytes.last(bytes.size() % step);
  const bool has_word = rest.size() >= 8;
  const auto first = has_word ? word_at(rest.data()) : last_word(rest);
  const auto second = has_word ? last_word(rest.subspan(8)) : 0;
  hash = folded(first ^ second_key, second ^ hash);
  return folded(hash ^ first_key, second_key);
}

}  // namespace

std::uint64_t event_hash(Bytes bytes) {
  return ended(first_key ^ bytes.size(), bytes);
}

// The steps that the blank touches, two at most, are made from a copy.
std::uint64_t event_hash(Bytes bytes, std::size_t blank_at) {
  const auto before = blank_at / step * step;
  const auto hash = absorbed(first_key ^ bytes.size(), bytes.first(before));
  const auto touched = std::min(2 * step, bytes.size() - before);
  std::byte copy[2 * step] = {};
  std::memcpy(copy, bytes.data() + before, touched);
  std::memset(copy + (blank_at - before), 0, blank_bytes);
  if (touched < 2 * step) return ended(hash, {copy, touched});
  return ended(absorbed(hash, copy), bytes.subspan(before + touched));
}

std::uint64_t chained(std::uint64_t history, std::uint64_t offset, std::uint64_t hash) {
  return folded(history ^ offset ^ first_key, hash ^ second_key);
}

}  // namespace virtscale
