// A sentence in the making, in place: decisions have one each, and putting them together from strings took longer than
// deciding.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace virtscale::policy {

class Words {
 public:
  /// The longest is a projection: six amounts of 21 bytes at most, three percentages of 23, and the words between them.
  static constexpr std::size_t bytes_max = 320;

  /// REQUIRES: no more than `bytes_max` in all.
  Words& add(std::string_view text) {
    size_ += text.copy(bytes_.data() + size_, text.size());
    return *this;
  }
  Words& add(std::int64_t number) {
    const auto end = std::to_chars(bytes_.data() + size_, bytes_.data() + bytes_.size(), number).ptr;
    size_ = static_cast<std::size_t>(end - bytes_.data());
    return *this;
  }

  operator std::string_view() const { return {bytes_.data(), size_}; }
  std::string str() const { return std::string(std::string_view(*this)); }

 private:
  std::array<char, bytes_max> bytes_;
  std::size_t size_ = 0;
};

}  // namespace virtscale::policy
