#include "compose/ledger/canonical.hpp"

#include <algorithm>
#include <charconv>

#include "compose/ledger/json_text.hpp"
#include "compose/ledger/line_shape.hpp"
#include "topology/contract/utf8.hpp"

namespace virtscale::ledger {
namespace {

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

// Every function takes the place of the first byte of what it reads and returns the place behind it, or null if that is
// not canonical. A line has a hundred strings and numbers, so the place stays in a register.
class Scanner {
 public:
  /// Notes the line's shape in `shape`, unless that is null.
  Scanner(std::string_view line, LineShape* shape)
      : begin_(line.data()), end_(begin_ + line.size()), fixed_from_(begin_), shape_(shape) {}

  ScannedLine scan() {
    const char* const at = is(begin_, '{') ? object(begin_, 0) : fail(begin_, "a line is one JSON object");
    if (at != nullptr && at != end_) fail(at, "there is something behind the object");
    if (shape_ != nullptr) shape_->end({fixed_from_, end_});
    return {std::move(fault_), head_};
  }

 private:
  bool is(const char* at, char c) const { return at != end_ && *at == c; }

  [[gnu::cold]] const char* fail(const char* at, std::string_view what) {
    fault_ = std::string(what) + " (byte " + std::to_string(at - begin_) + ")";
    return nullptr;
  }

  const char* value(const char* at, unsigned depth, HeadField field) {
    if (depth > nesting_max) return fail(at, "it nests too deep");
    if (is(at, '"')) return string_value(at + 1, field);
    if (at != end_ && (*at == '-' || (*at >= '0' && *at <= '9'))) return integer_value(at, field);
    if (is(at, '{')) return object(at, depth);
    if (is(at, '[')) return array(at, depth);
    if (is(at, 't')) return word(at, "true");
    if (is(at, 'f')) return word(at, "false");
    return fail(at, "there is no value, or one that is not an integer");
  }

  const char* object(const char* at, unsigned depth) {
    if (is(++at, '}')) return at + 1;
    Text before;
    for (bool is_first = true;; is_first = false, ++at) {
      if (!is(at, '"')) return fail(at, "a string is missing, or there is a space");
      const char* const first = ++at;
      at = string_end(first);
      if (at == nullptr) return nullptr;
      const Text key{{first, at}, is_plain_};
      if (!is_first && !ascends(before, key)) return fail(at, "its keys do not ascend");
      before = key;
      if (!is(++at, ':')) return fail(at, "a colon is missing, or there is a space");
      at = value(at + 1, depth + 1, depth == 0 ? field_of(key.text) : HeadField::none);
      if (at == nullptr) return nullptr;
      if (is(at, ',')) continue;
      return is(at, '}') ? at + 1 : fail(at, "an object is not closed, or there is a space");
    }
  }

  const char* array(const char* at, unsigned depth) {
    if (is(++at, ']')) return at + 1;
    for (;; ++at) {
      at = value(at, depth + 1, HeadField::none);
      if (at == nullptr) return nullptr;
      if (is(at, ',')) continue;
      return is(at, ']') ? at + 1 : fail(at, "an array is not closed, or there is a space");
    }
  }

  const char* word(const char* at, std::string_view expected) {
    if (!std::string_view(at, end_).starts_with(expected)) return fail(at, "there is an unknown word");
    return at + expected.size();
  }

  const char* integer_value(const char* first, HeadField field) {
    const char* const behind = integer_end(first, end_);
    if (behind == nullptr) return fail(first, "an integer is not in its shortest form, or beyond 2^53");
    if (is(behind, '.') || is(behind, 'e') || is(behind, 'E')) return fail(behind, "a number is not an integer");
    put_value(first, behind, false, field == HeadField::index ? field : HeadField::none);
    return behind;
  }

  // From behind its first quote to behind its last.
  const char* string_value(const char* first, HeadField field) {
    const char* const behind = string_end(first);
    if (behind == nullptr) return nullptr;
    put_value(first, behind, true, field == HeadField::index ? HeadField::none : field);
    return behind + 1;
  }

  // From behind the quote that begins a string to the one that ends it.
  const char* string_end(const char* at) {
    at = plain_end(at, end_);
    is_plain_ = is(at, '"');
    return is_plain_ ? at : odd_string_end(at);
  }

  // From something that is not plain.
  [[gnu::noinline]] const char* odd_string_end(const char* at) {
    for (; !is(at, '"'); at = plain_end(at, end_)) {
      if (at == end_) return fail(at, "a string is not closed");
      at = *at == '\\' ? escape_end(at) : character_end(at);
      if (at == nullptr) return nullptr;
    }
    return at;
  }

  const char* escape_end(const char* at) {
    const std::string_view escaped(at + 1, end_);
    if (escaped.empty()) return fail(at, "a string is not closed");
    if (std::string_view("btnfr\"\\").find(escaped[0]) != std::string_view::npos) return at + 2;
    constexpr std::string_view with_a_name = "89acd";  // of 0008 … 000d, those that have a shorter form
    const bool control = escaped.starts_with("u00") && escaped.size() >= 5 &&
                         (escaped[3] == '0' || escaped[3] == '1') &&
                         std::string_view("0123456789abcdef").find(escaped[4]) != std::string_view::npos;
    if (!control || (escaped[3] == '0' && with_a_name.find(escaped[4]) != with_a_name.npos))
      return fail(at, "an escape is not the canonical one");
    return at + 6;
  }

  const char* character_end(const char* at) {
    if (static_cast<unsigned char>(*at) < 0x20) return fail(at, "a control character is not escaped");
    const auto bytes = utf8_bytes({at, end_});
    return bytes == 0 ? fail(at, "it is not valid UTF-8") : at + bytes;
  }

  static HeadField field_of(std::string_view key) {
    if (key == "event") return HeadField::event;
    if (key == "index") return HeadField::index;
    return key == "org" ? HeadField::org : HeadField::none;
  }

  void put_value(const char* first, const char* behind, bool is_string, HeadField field) {
    put_head(head_, field, {first, behind});
    if (shape_ == nullptr) return;
    shape_->put_value({fixed_from_, first}, is_string, field);
    fixed_from_ = behind;
  }

  const char* begin_;
  const char* end_;
  const char* fixed_from_;  // behind the last value
  LineShape* shape_;
  bool is_plain_ = true;  // the string that was read last
  std::string fault_;
  LineHead head_;
};

}  // namespace

ScannedLine scan_line(std::string_view line) {
  return Scanner(line, nullptr).scan();
}

std::string fault_of_canonical(std::string_view line) {
  return scan_line(line).fault;
}

LineScanner::LineScanner() = default;
LineScanner::~LineScanner() = default;

ScannedLine LineScanner::scan(std::string_view line) {
  // Ledgers have few kinds of lines; each that is tried and is not the right one costs a part of reading the line.
  constexpr std::size_t shapes_max = 4;
  for (auto shape = shapes_.begin(); shape != shapes_.end(); ++shape) {
    ScannedLine scanned;
    if (!shape->matches(line, scanned.head)) continue;
    std::rotate(shapes_.begin(), shape, shape + 1);
    return scanned;
  }
  LineShape shape;
  auto scanned = Scanner(line, &shape).scan();
  if (!scanned.fault.empty()) return scanned;
  if (shapes_.size() == shapes_max) shapes_.pop_back();
  shapes_.insert(shapes_.begin(), std::move(shape));
  return scanned;
}

}  // namespace virtscale::ledger
