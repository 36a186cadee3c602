// Keys that are made for every record, held in place: texts of a length that is known when it is compiled, and texts of
// several parts.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace virtscale {

template <std::size_t size>
struct FixedText {
  std::array<char, size> bytes;
  constexpr operator std::string_view() const { return {bytes.data(), size}; }
};

/// The lowest `size` digits of `n`, hexadecimal: the order of texts is that of numbers.
template <std::size_t size>
constexpr FixedText<size> hex_digits(std::uint64_t n) {
  FixedText<size> text{};
  for (auto at = size; at-- > 0; n >>= 4) text.bytes[at] = "0123456789abcdef"[n & 15];
  return text;
}

/// Decimal, with zeros before it: the order of texts is that of numbers.
constexpr FixedText<20> decimal_digits(std::uint64_t n) {
  FixedText<20> text{};
  for (auto at = text.bytes.size(); at-- > 0; n /= 10) text.bytes[at] = static_cast<char>('0' + n % 10);
  return text;
}

/// `first` and, behind it, `second`.
template <std::size_t a, std::size_t b>
constexpr FixedText<a + b> joined(const FixedText<a>& first, const FixedText<b>& second) {
  FixedText<a + b> text{};
  for (std::size_t at = 0; at < a; ++at) text.bytes[at] = first.bytes[at];
  for (std::size_t at = 0; at < b; ++at) text.bytes[a + at] = second.bytes[at];
  return text;
}

/// `first/second/...`. Converts to a text. One of usual length costs no allocation.
class JoinedKey {
 public:
  template <std::convertible_to<std::string_view>... Parts>
  explicit JoinedKey(std::string_view first, const Parts&... others) {
    auto* at = begin(first.size() + (0 + ... + (1 + std::string_view(others).size())));
    at += first.copy(at, first.size());
    ((*at++ = '/', at += std::string_view(others).copy(at, std::string_view(others).size())), ...);
  }

  operator std::string_view() const { return far_.empty() ? std::string_view(near_.data(), size_) : far_; }
  std::string str() const { return std::string(std::string_view(*this)); }

 private:
  // Names of a few words each.
  static constexpr std::size_t near_max = 120;

  char* begin(std::size_t size) {
    size_ = size;
    if (size > near_max) far_.resize(size);
    return size > near_max ? far_.data() : near_.data();
  }

  std::size_t size_ = 0;
  std::string far_;
  std::array<char, near_max> near_;
};

}  // namespace virtscale
