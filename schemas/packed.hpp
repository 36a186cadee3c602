// Numbers and texts at rest: one behind the other, in one block of memory that is as long as they are.
//
// The one thing to know: a block does not say what is in it. Who reads it asks for what was put, in the same order. So
// it never leaves the process, and what comes from outside is verified before it is packed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace virtscale::schema {

/// What a Packing was given; a pointer's size beside its block. Moved, never copied by accident.
class Packed {
 public:
  Packed() = default;
  /// Copies the bytes. REQUIRES: fewer than 4 GiB.
  explicit Packed(std::string_view bytes) : block_(std::make_unique<char[]>(sizeof(Size) + bytes.size())) {
    const auto size = static_cast<Size>(bytes.size());
    std::memcpy(block_.get(), &size, sizeof size);
    bytes.copy(block_.get() + sizeof size, bytes.size());
  }

  /// False if nothing was packed yet.
  explicit operator bool() const { return block_ != nullptr; }
  /// Valid until the block ends, wherever it is moved to. REQUIRES: something was packed.
  std::string_view bytes() const {
    Size size;
    std::memcpy(&size, block_.get(), sizeof size);
    return {block_.get() + sizeof size, size};
  }

 private:
  using Size = std::uint32_t;
  std::unique_ptr<char[]> block_;
};

/// Puts numbers and texts behind each other.
class Packing {
 public:
  /// Seven bits to a byte, the lowest first; the sign is the lowest of all, so that small numbers of either sign are
  /// short. At most ten bytes.
  void number(std::int64_t number) {
    auto rest = (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
    for (; rest >= 0x80; rest >>= 7) bytes_ += static_cast<char>(rest | 0x80);
    bytes_ += static_cast<char>(rest);
  }
  void text(std::string_view text) {
    number(static_cast<std::int64_t>(text.size()));
    bytes_ += text;
  }
  Packed packed() const { return Packed(bytes_); }

 private:
  std::string bytes_;
};

/// Reads them again. REQUIRES: they are asked for in the order in which they were put, and no more of them.
class Unpacking {
 public:
  /// Borrows the block.
  explicit Unpacking(const Packed& packed) : at_(packed.bytes().data()) {}

  std::int64_t number() {
    std::uint64_t bits = 0;
    unsigned shift = 0;
    for (; (*at_ & 0x80) != 0; shift += 7) bits |= static_cast<std::uint64_t>(*at_++ & 0x7f) << shift;
    bits |= static_cast<std::uint64_t>(*at_++) << shift;
    return static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
  }
  /// A view of the block.
  std::string_view text() {
    const auto size = static_cast<std::size_t>(number());
    const std::string_view text(at_, size);
    at_ += size;
    return text;
  }

 private:
  const char* at_;
};

}  // namespace virtscale::schema
