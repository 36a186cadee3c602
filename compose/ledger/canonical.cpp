#include "compose/ledger/canonical.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "topology/contract/utf8.hpp"

namespace virtscale::ledger {
namespace {

constexpr std::uint64_t integer_max = 9'007'199'254'740'991;  // 2^53 - 1: RFC 8785 numbers are doubles
constexpr std::size_t digits_max = 16;                        // of integer_max

// Bytes of a string that need no second look: ASCII but quotes, backslashes and control characters.
constexpr auto plain = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte) table[byte] = byte != '"' && byte != '\\';
  return table;
}();

constexpr std::uint64_t in_each_byte(std::uint64_t byte) {
  return 0x0101'0101'0101'0101 * byte;
}

// The highest bit of the first byte of `word` that is not plain, in the order of memory, and perhaps of later ones: a
// byte is 0, or below 0x20, if subtracting 1, or 0x20, borrows (Warren, Hacker's Delight, 6-1).
constexpr std::uint64_t not_plain(std::uint64_t word) {
  const auto quote = word ^ in_each_byte('"');
  const auto backslash = word ^ in_each_byte('\\');
  const auto found = ((word - in_each_byte(0x20)) & ~word) | ((quote - in_each_byte(1)) & ~quote) |
                     ((backslash - in_each_byte(1)) & ~backslash) | word;
  return found & in_each_byte(0x80);
}

// How many bytes of `text` are plain before the first that is not: eight at a time, as most strings are plain.
std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (std::uint64_t word = 0; text.size() - at >= sizeof word; at += sizeof word) {
      std::memcpy(&word, text.data() + at, sizeof word);
      const auto found = not_plain(word);
      if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
  }
  while (at < text.size() && plain[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

// The UTF-16 code units of a string as it is written in canonical JSON, which is valid UTF-8.
std::u16string utf16(std::string_view text) {
  std::u16string units;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t bytes = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    auto code = static_cast<std::uint32_t>(bytes == 1 ? byte : byte & (0xff >> (bytes + 1)));
    for (std::size_t i = 1; i < bytes; ++i) code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3f);
    at += bytes;
    if (code >= 0x10000) {
      units += static_cast<char16_t>(0xd7c0 + (code >> 10));
      code = 0xdc00 | (code & 0x3ff);
    }
    units += static_cast<char16_t>(code);
  }
  return units;
}

std::string unescaped(std::string_view text) {
  constexpr std::string_view names = "btnfr";
  constexpr std::string_view named = "\b\t\n\f\r";
  std::string plain_text;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      plain_text += text[at];
      continue;
    }
    const char letter = text[++at];
    const auto name = names.find(letter);
    unsigned code = static_cast<unsigned char>(letter);
    if (name != names.npos) code = static_cast<unsigned char>(named[name]);
    if (letter == 'u') {
      std::from_chars(text.data() + at + 1, text.data() + at + 5, code, 16);
      at += 4;
    }
    plain_text += static_cast<char>(code);
  }
  return plain_text;
}

// A string without its quotes; plain if it means what it says, byte for byte, in ASCII.
struct Text {
  std::string_view text;
  bool is_plain = true;
};

bool ascends(const Text& before, const Text& key) {
  if (before.is_plain && key.is_plain) return before.text < key.text;
  return utf16(unescaped(before.text)) < utf16(unescaped(key.text));
}

class Scanner {
 public:
  explicit Scanner(std::string_view line) : line_(line) {}

  ScannedLine scan() {
    if (at_end() || line_[0] != '{') fail("a line is one JSON object");
    if (fault_.empty()) object(0);
    if (fault_.empty() && !at_end()) fail("there is something behind the object");
    return {std::move(fault_), head_};
  }

 private:
  bool at_end() const { return at_ == line_.size(); }
  char peek() const { return at_end() ? '\0' : line_[at_]; }
  bool failed() const { return !fault_.empty(); }

  void fail(std::string_view what) {
    if (fault_.empty()) fault_ = std::string(what) + " (byte " + std::to_string(at_) + ")";
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void value(unsigned depth) {
    if (depth > nesting_max) return fail("it nests too deep");
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        string();
        return;
      case 't':
        return word("true");
      case 'f':
        return word("false");
      default:
        return integer();
    }
  }

  void object(unsigned depth) {
    ++at_;
    if (take('}')) return;
    Text before;
    bool first = true;
    do {
      const auto key = string();
      if (failed()) return;
      if (!first && !ascends(before, key)) return fail("its keys do not ascend");
      before = key;
      first = false;
      if (!take(':')) return fail("a colon is missing, or there is a space");
      const auto begin = at_;
      value(depth + 1);
      if (failed()) return;
      if (depth == 0) note(key.text, line_.substr(begin, at_ - begin));
    } while (take(','));
    if (!take('}')) fail("an object is not closed, or there is a space");
  }

  void array(unsigned depth) {
    ++at_;
    if (take(']')) return;
    do {
      value(depth + 1);
      if (failed()) return;
    } while (take(','));
    if (!take(']')) fail("an array is not closed, or there is a space");
  }

  void word(std::string_view expected) {
    if (!line_.substr(at_).starts_with(expected)) return fail("there is an unknown word");
    at_ += expected.size();
  }

  void integer() {
    const bool negative = take('-');
    const auto begin = at_;
    std::uint64_t number = 0;
    // One digit more than fits is enough to tell, and cannot overflow.
    for (; at_ - begin <= digits_max && peek() >= '0' && peek() <= '9'; ++at_)
      number = number * 10 + static_cast<std::uint64_t>(peek() - '0');
    const auto digits = at_ - begin;
    if (digits == 0) return fail("there is no value, or one that is not an integer");
    const bool shortest = line_[begin] != '0' || (digits == 1 && !negative);
    if (!shortest || number > integer_max) return fail("an integer is not in its shortest form, or beyond 2^53");
    if (peek() == '.' || peek() == 'e' || peek() == 'E') fail("a number is not an integer");
  }

  Text string() {
    if (!take('"')) {
      fail("a string is missing, or there is a space");
      return {};
    }
    const auto begin = at_;
    bool is_plain = true;
    while (true) {
      at_ += plain_prefix(line_.substr(at_));
      if (at_end()) fail("a string is not closed");
      if (failed()) return {};
      if (line_[at_] == '"') break;
      is_plain = false;
      line_[at_] == '\\' ? escape() : character();
    }
    return {line_.substr(begin, at_++ - begin), is_plain};
  }

  void escape() {
    const auto rest = line_.substr(at_ + 1);
    if (rest.empty()) return fail("a string is not closed");
    if (std::string_view("btnfr\"\\").find(rest[0]) != std::string_view::npos) {
      at_ += 2;
      return;
    }
    constexpr std::string_view with_a_name = "89acd";  // of 0008 … 000d, those that have a shorter form
    const bool control = rest.starts_with("u00") && rest.size() >= 5 && (rest[3] == '0' || rest[3] == '1') &&
                         std::string_view("0123456789abcdef").find(rest[4]) != std::string_view::npos;
    if (!control || (rest[3] == '0' && with_a_name.find(rest[4]) != with_a_name.npos))
      return fail("an escape is not the canonical one");
    at_ += 6;
  }

  void character() {
    const auto byte = static_cast<unsigned char>(line_[at_]);
    if (byte < 0x20) return fail("a control character is not escaped");
    const auto bytes = utf8_bytes(line_.substr(at_));
    if (bytes == 0) return fail("it is not valid UTF-8");
    at_ += bytes;
  }

  static std::string_view inner(std::string_view text) {
    return text.size() >= 2 && text.front() == '"' ? text.substr(1, text.size() - 2) : std::string_view();
  }

  void note(std::string_view key, std::string_view text) {
    if (key == "org") head_.org = inner(text);
    if (key == "event") head_.event = inner(text);
    if (key != "index") return;
    std::uint64_t index = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (error == std::errc{} && end == text.data() + text.size()) head_.index = index;
  }

  std::string_view line_;
  std::size_t at_ = 0;
  std::string fault_;
  LineHead head_;
};

}  // namespace

ScannedLine scan_line(std::string_view line) {
  return Scanner(line).scan();
}

std::string fault_of_canonical(std::string_view line) {
  return scan_line(line).fault;
}

}  // namespace virtscale::ledger
