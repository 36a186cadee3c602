// Writes canonical JSON (RFC 8785), restricted to objects, arrays, strings, integers and `true`.
//
// The one thing to know: it does not sort. Whoever writes an object writes its keys in ascending order; for keys of
// ASCII, as all of ours are, the order of bytes is RFC 8785's order of UTF-16 code units.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace virtscale::audit {

/// RFC 8785 numbers are IEEE 754 doubles: integers are exact up to 2^53 − 1. What is beyond is written as this.
inline constexpr std::int64_t integer_max = 9'007'199'254'740'991;

/// Appends to a text of its own, which is valid UTF-8 whatever the strings hold.
class CanonicalJson {
 public:
  /// With room for so many bytes before its text has to move.
  explicit CanonicalJson(std::size_t bytes_expected = 0) { out_.reserve(bytes_expected); }

  CanonicalJson& open_object() { return open('{'); }
  CanonicalJson& close_object() { return close('}'); }
  CanonicalJson& open_array() { return open('['); }
  CanonicalJson& close_array() { return close(']'); }
  /// The key of the value that follows. REQUIRES: ASCII without `"`, `\` and control characters; ascending in its
  /// object.
  CanonicalJson& key(std::string_view name);
  /// At most `bytes_max` bytes of `text`; a byte that is not UTF-8 becomes U+FFFD.
  CanonicalJson& string(std::string_view text, std::size_t bytes_max = 256);
  CanonicalJson& integer(std::int64_t value);
  CanonicalJson& yes();
  /// A value that is canonical JSON already.
  CanonicalJson& value(std::string_view json);

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  CanonicalJson& open(char bracket);
  CanonicalJson& close(char bracket);
  void separate();
  void escape(unsigned char byte);

  std::string out_;
};

}  // namespace virtscale::audit
