// What lines of one kind have in common, byte for byte: all but their values.
//
// The one thing to know: a line that has the shape of a canonical line, with a plain string for each string of it and
// an integer for each integer, is canonical too. So of most lines only the values need to be read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compose/ledger/canonical.hpp"

namespace virtscale::ledger {

/// What a value of a line is to LineHead.
enum class HeadField : std::uint8_t { none, event, index, org };

/// Puts a value, without quotes, where it belongs in the head. A field of another kind than it should be is left out.
void put_head(LineHead& head, HeadField field, std::string_view value);

/// Made by one who reads a canonical line from its first byte to its last.
class LineShape {
 public:
  /// The next value is a string, or else an integer; `fixed` stands before it, with the quote that begins a string.
  void put_value(std::string_view fixed, bool is_string, HeadField field);
  /// What stands behind the last value.
  void end(std::string_view fixed);

  /// True if the line has this shape; then `head` is what it says of itself. What a shape says no to may be canonical.
  bool matches(std::string_view line, LineHead& head) const;

 private:
  struct Value {
    std::uint32_t fixed_bytes;  // before it
    bool is_string;
    HeadField field;
  };

  std::string fixed_;  // all of them, one after another
  std::vector<Value> values_;
};

}  // namespace virtscale::ledger
