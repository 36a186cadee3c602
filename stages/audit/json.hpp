// Writes canonical JSON (RFC 8785), restricted to objects, arrays, strings, integers and `true`.
//
// The one thing to know: it does not sort. Whoever writes an object writes its keys in ascending order; for keys of
// ASCII, as all of ours are, the order of bytes is RFC 8785's order of UTF-16 code units.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "topology/contract/arena_text.hpp"

namespace virtscale::audit {

/// RFC 8785 numbers are IEEE 754 doubles: integers are exact up to 2^53 − 1. What is beyond is written as this.
inline constexpr std::int64_t integer_max = 9'007'199'254'740'991;

/// Writes a text, which is valid UTF-8 whatever the strings hold, into an arena, where it stays.
class CanonicalJson {
 public:
  /// With room for so many bytes before its text has to move.
  explicit CanonicalJson(Arena& arena, std::size_t bytes_expected = 256) : text_(arena, bytes_expected) {}

  CanonicalJson& open_object() { return open('{'); }
  CanonicalJson& close_object() { return close('}'); }
  CanonicalJson& open_array() { return open('['); }
  CanonicalJson& close_array() { return close(']'); }
  /// The key of the value that follows. REQUIRES: ASCII without `"`, `\` and control characters; ascending in its
  /// object.
  CanonicalJson& key(std::string_view name) {
    char* const at = begin_key(name.size());
    return end_key(at + name.copy(at, name.size()));
  }
  /// The same for a literal, which is copied without a call.
  template <std::size_t size>
  CanonicalJson& key(const char (&name)[size]) {
    char* const at = begin_key(size - 1);
    std::memcpy(at, name, size - 1);
    return end_key(at + size - 1);
  }
  /// At most `bytes_max` bytes of `text`; a byte that is not UTF-8 becomes U+FFFD.
  CanonicalJson& string(std::string_view text, std::size_t bytes_max = 256);
  CanonicalJson& integer(std::int64_t value);
  CanonicalJson& yes();
  /// A value that is canonical JSON already.
  CanonicalJson& value(std::string_view json);

  /// Lasts until the arena is cleared, or until more is written.
  std::string_view text() const { return text_.view(); }

 private:
  CanonicalJson& open(char bracket) {
    char* const at = put(separated(room(2)), bracket);
    is_comma_due_ = false;
    return end_at(at);
  }
  CanonicalJson& close(char bracket) { return end_value(put(room(1), bracket)); }
  char* begin_key(std::size_t bytes) { return put(separated(room(bytes + 4)), '"'); }
  CanonicalJson& end_key(char* at) {
    is_comma_due_ = false;
    return end_at(put(put(at, '"'), ':'));
  }
  CanonicalJson& end_value(const char* at) {
    is_comma_due_ = true;
    return end_at(at);
  }
  void escape(unsigned char byte);
  void escape_all(std::string_view text);

  char* room(std::size_t bytes) { return text_.room(bytes); }
  CanonicalJson& end_at(const char* at) {
    text_.end_at(at);
    return *this;
  }
  static char* put(char* at, char byte) {
    *at = byte;
    return at + 1;
  }
  // Behind a comma, if one is due. REQUIRES: `at` is the end of the text, with room.
  char* separated(char* at) const {
    *at = ',';
    return at + (is_comma_due_ ? 1 : 0);
  }

  ArenaText text_;
  bool is_comma_due_ = false;
};

}  // namespace virtscale::audit
