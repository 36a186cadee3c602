// What every fuzzer is written with: the input as values, and the check of a property.
//
// The one thing to know: a fuzzer fails by ending the process, so that libFuzzer, the short pass and a debugger all see
// it at the place where it happened.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

namespace virtscale::fuzz {

/// The bytes of one run, taken off from the front. What is not there any more reads as zeros and as empty texts.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }

  /// Little-endian.
  template <class Integer>
  Integer integer() {
    std::uint64_t value = 0;
    const auto bytes = take(sizeof(Integer));
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[i]);
    return static_cast<Integer>(value);
  }

  /// `length` as the next two bytes say it, then so many bytes. Borrowed from the input.
  std::string_view text() {
    const auto bytes = integer<std::uint16_t>();
    return take(bytes);
  }

  /// All that is left.
  std::string_view rest() { return take(rest_.size()); }

 private:
  std::string_view take(std::size_t bytes) {
    const auto taken = rest_.substr(0, bytes);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
};

/// Ends the process unless `holds`. `property` says what should be true, `evidence` what was seen instead.
inline void check(bool holds, std::string_view property, std::string_view evidence = {}) {
  if (holds) return;
  const auto text = "\nthis does not hold: " + std::string(property) + "\n" + std::string(evidence) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::abort();
}

/// Text as bytes.
inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
/// Bytes as text.
inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace virtscale::fuzz

/// What a fuzzer is: one run over one input. Defined once in each `*_fuzzer.cpp`, called by libFuzzer or the short
/// pass.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
