// A key of several parts, joined by '/', as it is made for every record to find a row.
//
// The one thing to know: one of usual length is held in place and costs no allocation.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace virtscale {

/// `first/second/...`. Compares and converts as a text.
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
