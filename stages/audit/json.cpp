#include "stages/audit/json.hpp"

#include <algorithm>
#include <array>
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

template <class Word>
Word word_at(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

template <class Word>
void put_word(char* at, Word word) {
  std::memcpy(at, &word, sizeof word);
}

// Copies a text of 8 bytes or more if all of it is written as it is. The last word may overlap the one before it.
bool copy_whole_in_words(std::string_view text, char* to) {
  std::uint64_t word = 0;
  const auto last = text.size() - sizeof word;
  for (std::size_t at = 0; at < last; at += sizeof word) {
    word = word_at<std::uint64_t>(text.data() + at);
    if (!are_plain(word)) return false;
    put_word(to + at, word);
  }
  word = word_at<std::uint64_t>(text.data() + last);
  put_word(to + last, word);
  return are_plain(word);
}

// The same for one of 4 to 8 bytes, of which both halves may overlap.
bool copy_whole_in_halves(std::string_view text, char* to) {
  const auto last = text.size() - sizeof(std::uint32_t);
  const auto first_half = word_at<std::uint32_t>(text.data());
  const auto last_half = word_at<std::uint32_t>(text.data() + last);
  put_word(to, first_half);
  put_word(to + last, last_half);
  return are_plain(std::uint64_t{last_half} << 32 | first_half);
}

// Copies the beginning of `text` that is written as it is, which is nearly always all of it. Returns its length.
std::size_t copy_plain(std::string_view text, char* to) {
  if (text.size() >= 8 ? copy_whole_in_words(text, to) : text.size() >= 4 && copy_whole_in_halves(text, to))
    return text.size();
  std::size_t at = 0;
  for (; at < text.size() && is_plain(text[at]); ++at) to[at] = text[at];
  return at;
}

}  // namespace

// RFC 8785, 3.2.2.2.
void CanonicalJson::escape(unsigned char byte) {
  constexpr std::string_view named = "\b\t\n\f\r\"\\";
  constexpr std::string_view names = "btnfr\"\\";
  constexpr char digits[] = "0123456789abcdef";
  const auto at = named.find(static_cast<char>(byte));
  if (at != named.npos) {
    text_.append({std::array{'\\', names[at]}.data(), 2});
  } else {
    text_.append("\\u00").append({std::array{digits[byte >> 4], digits[byte & 15]}.data(), 2});
  }
}

// Whatever stands where it must not begins `text`, and plain bytes may follow.
void CanonicalJson::escape_all(std::string_view text) {
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    const auto bytes = utf8_bytes(text);
    if (first < 0x80) escape(first);
    if (first >= 0x80) text_.append(bytes > 0 ? text.substr(0, bytes) : utf8_replacement);
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
    char* const at = room(text.size());
    const auto plain = copy_plain(text, at);
    end_at(at + plain);
    text.remove_prefix(plain);
  }
}

CanonicalJson& CanonicalJson::string(std::string_view text, std::size_t bytes_max) {
  text = cut(text, bytes_max);
  char* const at = put(separated(room(text.size() + 3)), '"');
  const auto plain = copy_plain(text, at);
  end_at(at + plain);
  if (plain < text.size()) escape_all(text.substr(plain));
  return close('"');
}

CanonicalJson& CanonicalJson::integer(std::int64_t value) {
  constexpr std::size_t digits_max = 24;
  char* const at = separated(room(1 + digits_max));
  return end_value(std::to_chars(at, at + digits_max, std::clamp(value, -integer_max, integer_max)).ptr);
}

CanonicalJson& CanonicalJson::yes() {
  return value("true");
}

CanonicalJson& CanonicalJson::value(std::string_view json) {
  char* const at = separated(room(json.size() + 1));
  return end_value(at + json.copy(at, json.size()));
}

}  // namespace virtscale::audit
