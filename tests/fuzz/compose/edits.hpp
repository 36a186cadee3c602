// A sound text, and edits to it: how fuzzers reach behind signatures, which no random text gets past.
#pragma once

#include <string>

#include "tests/fuzz/input.hpp"

namespace virtscale::fuzz {

inline constexpr int edits_max = 8;

/// Takes edits from the input and applies them: a byte changed, bytes put in, a stretch taken out or repeated.
inline std::string edited(std::string text, Input& input) {
  const int edits = input.integer<std::uint8_t>() % edits_max;
  for (int n = 0; n < edits; ++n) {
    const auto kind = input.integer<std::uint8_t>() & 3U;
    const std::size_t at = text.empty() ? 0 : input.integer<std::uint16_t>() % text.size();
    if (kind == 0 && !text.empty()) text[at] = static_cast<char>(text[at] ^ input.integer<char>());
    if (kind == 1) text.insert(at, input.text().substr(0, 256));
    if (kind == 2) text.erase(at, input.integer<std::uint8_t>());
    if (kind == 3) text.insert(at, text.substr(at, input.integer<std::uint8_t>()));
  }
  return text;
}

}  // namespace virtscale::fuzz
