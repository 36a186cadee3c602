#include "stages/audit/json.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "topology/contract/utf8.hpp"

namespace virtscale::audit {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// At most `bytes_max` bytes, and no character cut in two.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && bytes_max - end < 3 && is_continuation(text[end])) --end;
  return text.substr(0, end);
}

constexpr std::uint64_t in_each_byte(unsigned char byte) {
  return 0x0101010101010101U * byte;
}

// The high bit of a byte is set if the byte is below `bound`, for bytes up to 127 and bounds up to 128; of bytes behind
// one that is, it may be set as well.
constexpr std::uint64_t below(std::uint64_t bytes, unsigned char bound) {
  return (bytes - in_each_byte(bound)) & ~bytes;
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

bool are_plain(std::uint64_t bytes) {
  const auto special =
      bytes | below(bytes, 0x20) | below(bytes ^ in_each_byte('"'), 1) | below(bytes ^ in_each_byte('\\'), 1);
  return (special & in_each_byte(0x80)) == 0;
}

// How many bytes at the beginning are written as they are.
std::size_t plain_bytes(std::string_view text) {
  std::size_t at = 0;
  for (std::uint64_t bytes = 0; text.size() - at >= sizeof bytes; at += sizeof bytes) {
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    if (!are_plain(bytes)) break;
  }
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

}  // namespace

void CanonicalJson::separate() {
  if (out_.empty()) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}

CanonicalJson& CanonicalJson::open(char bracket) {
  separate();
  out_ += bracket;
  return *this;
}

CanonicalJson& CanonicalJson::close(char bracket) {
  out_ += bracket;
  return *this;
}

CanonicalJson& CanonicalJson::key(std::string_view name) {
  separate();
  out_ += '"';
  out_ += name;
  out_ += "\":";
  return *this;
}

// RFC 8785, 3.2.2.2.
void CanonicalJson::escape(unsigned char byte) {
  constexpr std::string_view named = "\b\t\n\f\r\"\\";
  constexpr std::string_view names = "btnfr\"\\";
  constexpr char digits[] = "0123456789abcdef";
  const auto at = named.find(static_cast<char>(byte));
  if (at != named.npos) {
    out_ += '\\';
    out_ += names[at];
    return;
  }
  out_ += "\\u00";
  out_ += digits[byte >> 4];
  out_ += digits[byte & 15];
}

CanonicalJson& CanonicalJson::string(std::string_view text, std::size_t bytes_max) {
  separate();
  out_ += '"';
  text = cut(text, bytes_max);
  while (!text.empty()) {
    const auto plain = plain_bytes(text);
    out_.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto first = static_cast<unsigned char>(text[0]);
    const auto bytes = utf8_bytes(text);
    if (first < 0x80) escape(first);
    if (first >= 0x80) out_.append(bytes > 0 ? text.substr(0, bytes) : utf8_replacement);
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  out_ += '"';
  return *this;
}

CanonicalJson& CanonicalJson::integer(std::int64_t value) {
  separate();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, std::clamp(value, -integer_max, integer_max));
  out_.append(digits, end.ptr);
  return *this;
}

CanonicalJson& CanonicalJson::yes() {
  return value("true");
}

CanonicalJson& CanonicalJson::value(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace virtscale::audit
