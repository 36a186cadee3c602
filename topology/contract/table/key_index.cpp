#include "topology/contract/table/key_index.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace virtscale {
namespace {

__extension__ using Product = unsigned __int128;

// The first digits of the fractional part of pi.
constexpr std::uint64_t secret = 0x243f6a8885a308d3;

std::uint64_t folded(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<Product>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

template <class Word>
std::uint64_t word_at(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Fewer than 16 bytes as two words, which overlap unless there are just as many.
std::pair<std::uint64_t, std::uint64_t> two_words(std::string_view key) {
  const char* const begin = key.data();
  const char* const end = begin + key.size();
  if (key.size() >= 8) return {word_at<std::uint64_t>(begin), word_at<std::uint64_t>(end - 8)};
  if (key.size() >= 4) return {word_at<std::uint32_t>(begin), word_at<std::uint32_t>(end - 4)};
  if (key.size() >= 2) return {word_at<std::uint16_t>(begin), word_at<std::uint16_t>(end - 2)};
  return {key.empty() ? 0 : word_at<std::uint8_t>(begin), 0};
}

constexpr std::size_t cache_line = 64;
// More of a row is hardly ever touched in one step.
constexpr std::size_t lines_max = 10;

// Asks for a row's memory before its key is compared: in a large table none of it is in the cache, and its value is
// wanted next.
void fetch(const Row* row, std::size_t lines) {
  for (std::size_t line = 1; line < lines; ++line)
    __builtin_prefetch(reinterpret_cast<const char*>(row) + line * cache_line);
}

}  // namespace

KeyIndex::KeyIndex(std::size_t row_bytes) : row_lines_(std::min(row_bytes / cache_line + 1, lines_max)) {}

// Multiply and fold, sixteen bytes at a time; the last sixteen may overlap those before. Keys come from outside: the
// address of this index, which nobody outside knows, keeps them from being chosen to collide.
std::uint64_t KeyIndex::hash_of(std::string_view key) const {
  auto hash = reinterpret_cast<std::uintptr_t>(this) ^ (key.size() * secret);
  if (key.size() < 16) {
    const auto [first, second] = two_words(key);
    return folded(first ^ secret, second ^ hash);
  }
  const char* const last = key.data() + key.size() - 16;
  for (const char* at = key.data(); at < last; at += 16)
    hash = folded(word_at<std::uint64_t>(at) ^ secret, word_at<std::uint64_t>(at + 8) ^ hash);
  return folded(word_at<std::uint64_t>(last) ^ secret, word_at<std::uint64_t>(last + 8) ^ hash);
}

Row* KeyIndex::find(std::string_view key) const {
  if (slots_.empty()) return nullptr;
  const auto hash = hash_of(key);
  auto wanted = hash & tag_bits;
  for (auto at = hash & mask();; at = (at + 1) & mask(), wanted += one_further) {
    const auto slot = slots_[at];
    if (slot == nothing) return nullptr;
    if (slot >> address_bits != wanted >> address_bits) continue;
    auto* const row = row_in(slot);
    fetch(row, row_lines_);
    if (row->key() == key) return row;
  }
}

void KeyIndex::insert(Row& row) {
  if ((count_ + 1) * 4 > slots_.size() * 3) grow();
  while (!put(row)) grow();
  ++count_;
}

void KeyIndex::erase(const Row& row) {
  auto hole = hash_of(row.key()) & mask();
  while (row_in(slots_[hole]) != &row) hole = (hole + 1) & mask();
  for (auto at = (hole + 1) & mask(); slots_[at] != nothing; at = (at + 1) & mask()) {
    // An entry may move back to the hole unless its own place lies behind the hole.
    const auto steps = (at - hole) & mask();
    if (distance_in(slots_[at]) < steps) continue;
    slots_[hole] = slots_[at] - steps * one_further;
    hole = at;
  }
  slots_[hole] = nothing;
  --count_;
}

bool KeyIndex::put(Row& row) {
  const auto hash = hash_of(row.key());
  auto slot = (hash & tag_bits) | reinterpret_cast<std::uintptr_t>(&row);
  auto at = hash & mask();
  for (; slots_[at] != nothing; at = (at + 1) & mask(), slot += one_further) {
    if (distance_in(slot) == distance_max) return false;
  }
  slots_[at] = slot;
  return true;
}

// Twice as many slots, in which each row finds a place near its home: if one does not, which no keys of ours have seen,
// twice as many again.
void KeyIndex::grow() {
  const auto old = std::exchange(slots_, {});
  auto size = old.empty() ? slots_min : old.size() * 2;
  const auto is_placed = [&](Slot slot) { return slot == nothing || put(*row_in(slot)); };
  do {
    slots_.assign(size, nothing);
    size *= 2;
  } while (!std::all_of(old.begin(), old.end(), is_placed));
}

}  // namespace virtscale
