// The texts that canonical JSON (RFC 8785, as lines use it) is made of: plain strings and integers. Read eight bytes at
// a time, as a line has a hundred of them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace virtscale::ledger {

/// 2^53 − 1: the numbers of RFC 8785 are IEEE 754 doubles.
inline constexpr std::string_view integer_max = "9007199254740991";

namespace detail {
constexpr std::uint64_t in_each_byte(std::uint64_t byte) {
  return 0x0101'0101'0101'0101 * byte;
}

// The highest bit of the first byte of `word` that is not plain, in the order of memory, and perhaps of later ones: a
// byte is 0, or below 0x20, if subtracting 1, or 0x20, borrows (Warren, Hacker's Delight, 6-1).
constexpr std::uint64_t not_plain(std::uint64_t word) {
  const auto quote = word ^ in_each_byte('"');
  const auto backslash = word ^ in_each_byte('\\');
  const auto found = ((word - in_each_byte(0x20)) & ~word) | ((quote - in_each_byte(1)) & ~quote) |
                     ((backslash - in_each_byte(1)) & ~backslash) | word;
  return found & in_each_byte(0x80);
}

// The same for bytes that are not a digit: one that differs from '0' by more than 9 carries when 0x76 is added.
constexpr std::uint64_t not_digit(std::uint64_t word) {
  const auto digits = word ^ in_each_byte('0');
  return ((digits + in_each_byte(0x76)) | digits) & in_each_byte(0x80);
}

// The first byte from `at` for which `is_other` sets the highest bit, or `end`.
template <class IsOther>
const char* first_other(const char* at, const char* end, IsOther is_other) {
  if constexpr (std::endian::native == std::endian::little) {
    for (std::uint64_t word = 0; end - at >= static_cast<std::ptrdiff_t>(sizeof word); at += sizeof word) {
      std::memcpy(&word, at, sizeof word);
      const auto found = is_other(word);
      if (found != 0) return at + std::countr_zero(found) / 8;
    }
  }
  while (at != end && is_other(in_each_byte(static_cast<unsigned char>(*at))) == 0) ++at;
  return at;
}
}  // namespace detail

/// The first byte from `at` that is not plain, or `end`. Plain is ASCII but quotes, backslashes and control characters:
/// what is written as it is, and means itself.
inline const char* plain_end(const char* at, const char* end) {
  return detail::first_other(at, end, detail::not_plain);
}

/// Behind the integer at `at`; null if there is none that is in its shortest form and within ±`integer_max`.
inline const char* integer_end(const char* at, const char* end) {
  const bool negative = at != end && *at == '-';
  const char* const first = at + (negative ? 1 : 0);
  at = detail::first_other(first, end, detail::not_digit);
  const std::string_view digits(first, at);
  if (digits.empty() || (digits[0] == '0' && (negative || digits.size() > 1))) return nullptr;
  // Of two numbers of as many digits, the later text is the greater number.
  const bool fits = digits.size() == integer_max.size() ? digits <= integer_max : digits.size() < integer_max.size();
  return fits ? at : nullptr;
}

}  // namespace virtscale::ledger
