// Memory that is given out piece by piece and taken back all at once, for what many steps write and nobody keeps.
//
// The one thing to know: it is given out from the top of a block downwards, since FlatBuffers are written from their
// end to their beginning: so what is encoded is encoded where it stays, and need not move when it grows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace virtscale {

/// Not thread-safe. Nothing that lies in it is destroyed.
class Arena {
 public:
  /// Every piece begins at a multiple of this, and takes one.
  static constexpr std::size_t alignment = 8;
  /// What `clear` keeps for the next pieces, at most: what 512 ledger lines take, with their events.
  static constexpr std::size_t kept_bytes_max = std::size_t{4} << 20;

  /// A new piece, which lasts until `clear`.
  std::byte* allocate(std::size_t bytes) {
    const auto size = rounded_up(bytes);
    if (static_cast<std::size_t>(low_ - floor_) < size) open_block(size);
    return low_ -= size;
  }

  /// Makes the newest piece larger by `bytes` at its low end. Returns its new beginning; null if there is no room, or
  /// if the piece that begins at `piece` is not the newest.
  std::byte* extend(const std::byte* piece, std::size_t bytes) {
    const auto size = rounded_up(bytes);
    if (piece != low_ || static_cast<std::size_t>(low_ - floor_) < size) return nullptr;
    return low_ -= size;
  }

  /// Takes back what lies below `used` of the newest piece. REQUIRES: `used` is in it.
  void trim(const std::byte* used) {
    const auto below = static_cast<std::size_t>(used - low_);
    low_ += below - below % alignment;
  }

  /// A copy, which lasts until `clear`.
  std::string_view copy(std::string_view text) {
    return {reinterpret_cast<const char*>(copy(std::as_bytes(std::span(text))).data()), text.size()};
  }
  std::span<std::byte> copy(std::span<const std::byte> bytes) {
    auto* const to = allocate(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return {to, bytes.size()};
  }

  /// All of them, one behind the other; it lasts until `clear`.
  std::string_view joined(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const auto part : parts) size += part.size();
    auto* const first = reinterpret_cast<char*>(allocate(size));
    auto* at = first;
    for (const auto part : parts) at += part.copy(at, part.size());
    return {first, size};
  }

  /// `count` blank values, which last until `clear`.
  template <class Value>
  requires std::is_trivially_destructible_v<Value> &&
      (alignof(Value) <= alignment) std::span<Value> make(std::size_t count) {
    auto* const first = reinterpret_cast<Value*>(allocate(count * sizeof(Value)));
    std::uninitialized_value_construct_n(first, count);
    return {first, count};
  }

  /// Takes everything back.
  void clear() {
    if (blocks_.empty()) return;
    const bool keeps = blocks_.back().size <= kept_bytes_max && !frees_at_once;
    blocks_.erase(blocks_.begin(), keeps ? blocks_.end() - 1 : blocks_.end());
    floor_ = keeps ? blocks_.back().bytes.get() : nullptr;
    low_ = keeps ? floor_ + blocks_.back().size : nullptr;
  }

 private:
  // For AddressSanitizer, which then sees whoever reads what was taken back.
#ifdef __SANITIZE_ADDRESS__
  static constexpr bool frees_at_once = true;
#else
  static constexpr bool frees_at_once = false;
#endif
  static constexpr std::size_t first_block_bytes = 16'384;

  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };

  static constexpr std::size_t rounded_up(std::size_t bytes) {
    return (bytes + alignment - 1) / alignment * alignment;
  }

  // Twice the last one, so that a flood soon has one block that is large enough for its batches.
  void open_block(std::size_t least) {
    const auto usual = blocks_.empty() ? first_block_bytes : blocks_.back().size * 2;
    const auto size = std::max(least, usual);
    blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size]), size});
    floor_ = blocks_.back().bytes.get();
    low_ = floor_ + size;
  }

  std::vector<Block> blocks_;
  std::byte* floor_ = nullptr;  // of the last block
  std::byte* low_ = nullptr;    // the beginning of the newest piece
};

}  // namespace virtscale
