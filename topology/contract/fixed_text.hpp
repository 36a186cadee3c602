// Text of a length that is known when it is compiled, held in place: keys that are made for every record.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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

}  // namespace virtscale
