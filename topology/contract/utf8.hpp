// UTF-8, byte by byte: what every text that came from outside is held to before it goes on.
#pragma once

#include <cstddef>
#include <string_view>

namespace virtscale {

/// Stands for a byte that is no part of a character: U+FFFD.
inline constexpr std::string_view utf8_replacement = "\xef\xbf\xbd";

/// The bytes of the character that `text` begins with, 1 to 4; 0 if it begins with none or is empty (RFC 3629, 4:
/// no overlong forms, no surrogates, nothing beyond U+10FFFF).
constexpr std::size_t utf8_bytes(std::string_view text) {
  const auto within = [text](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && static_cast<unsigned char>(text[i]) >= low && static_cast<unsigned char>(text[i]) <= high;
  };
  if (within(0, 0x00, 0x7f)) return 1;
  if (within(0, 0xc2, 0xdf)) return within(1, 0x80, 0xbf) ? 2 : 0;
  if (within(0, 0xe0, 0xef)) {
    const bool second = within(1, within(0, 0xe0, 0xe0) ? 0xa0 : 0x80, within(0, 0xed, 0xed) ? 0x9f : 0xbf);
    return second && within(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (!within(0, 0xf0, 0xf4)) return 0;
  const bool second = within(1, within(0, 0xf0, 0xf0) ? 0x90 : 0x80, within(0, 0xf4, 0xf4) ? 0x8f : 0xbf);
  return second && within(2, 0x80, 0xbf) && within(3, 0x80, 0xbf) ? 4 : 0;
}

}  // namespace virtscale
