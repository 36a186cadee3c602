// Writes canonical JSON (RFC 8785), restricted to objects, arrays, strings, integers and `true`.
//
// The one thing to know: it does not sort. Whoever writes an object writes its keys in ascending order; for keys of
// ASCII, as all of ours are, the order of bytes is RFC 8785's order of UTF-16 code units.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace virtscale::audit {

/// RFC 8785 numbers are IEEE 754 doubles: integers are exact up to 2^53 − 1. What is beyond is written as this.
inline constexpr std::int64_t integer_max = 9'007'199'254'740'991;

/// Appends to a text of its own, which is valid UTF-8 whatever the strings hold.
class CanonicalJson {
 public:
  /// With room for so many bytes before its text has to move.
  explicit CanonicalJson(std::size_t bytes_expected = 64) : out_(bytes_expected, '\0') {}

  CanonicalJson& open_object() { return open('{'); }
  CanonicalJson& close_object() { return close('}'); }
  CanonicalJson& open_array() { return open('['); }
  CanonicalJson& close_array() { return close(']'); }
  /// The key of the value that follows. REQUIRES: ASCII without `"`, `\` and control characters; ascending in its
  /// object.
  CanonicalJson& key(std::string_view name) {
    char* at = separated(room(name.size() + 4));
    *at++ = '"';
    std::memcpy(at, name.data(), name.size());
    at += name.size();
    *at++ = '"';
    *at++ = ':';
    return end_at(at);
  }
  /// At most `bytes_max` bytes of `text`; a byte that is not UTF-8 becomes U+FFFD.
  CanonicalJson& string(std::string_view text, std::size_t bytes_max = 256);
  CanonicalJson& integer(std::int64_t value);
  CanonicalJson& yes();
  /// A value that is canonical JSON already.
  CanonicalJson& value(std::string_view json);

  std::string_view text() const { return {out_.data(), size_}; }
  std::string take() {
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  CanonicalJson& open(char bracket) { return end_at(put(separated(room(2)), bracket)); }
  CanonicalJson& close(char bracket) { return end_at(put(room(1), bracket)); }
  void copy(std::string_view bytes);
  void escape(unsigned char byte);

  // Where the text ends, with so many bytes of room behind it.
  char* room(std::size_t bytes) {
    if (out_.size() - size_ < bytes) out_.resize(2 * out_.size() + bytes);
    return out_.data() + size_;
  }
  CanonicalJson& end_at(const char* at) {
    size_ = static_cast<std::size_t>(at - out_.data());
    return *this;
  }
  static char* put(char* at, char byte) {
    *at = byte;
    return at + 1;
  }
  // Behind a comma, if one is due. REQUIRES: `at` is the end of the text, with room.
  char* separated(char* at) const {
    if (size_ == 0) return at;
    const char last = at[-1];
    return last == '{' || last == '[' || last == ':' ? at : put(at, ',');
  }

  std::string out_;  // the text, and room behind it
  std::size_t size_ = 0;
};

}  // namespace virtscale::audit
