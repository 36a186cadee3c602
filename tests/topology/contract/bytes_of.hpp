// The bytes of a text, for what takes bytes.
#pragma once

#include <span>
#include <string_view>

#include "topology/contract/event.hpp"

namespace virtscale::test {

/// Borrowed from the text.
inline Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace virtscale::test
