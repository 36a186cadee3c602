// Reads ledger lines: whether one is canonical JSON (RFC 8785, as lines use it), and which line it says it is.
//
// The one thing to know: there is exactly one way to write a line, so a line with one more space is another line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtscale::ledger {

/// Deeper nesting is refused; lines nest 3 deep.
inline constexpr unsigned nesting_max = 16;

/// What a line says of itself; the texts are borrowed from it, without quotes, as they are written.
struct LineHead {
  std::optional<std::uint64_t> index;
  std::string_view org;
  std::string_view event;
  friend bool operator==(const LineHead&, const LineHead&) = default;
};

struct ScannedLine {
  std::string fault;  ///< empty if the line is canonical; otherwise what is wrong, and at which byte
  LineHead head;
};

/// Reads a line once, from its first byte to its last.
ScannedLine scan_line(std::string_view line);

/// The fault of `scan_line`.
std::string fault_of_canonical(std::string_view line);

class LineShape;

/// Reads the lines of a ledger one after another. Says of each what `scan_line` says, and sooner: of a line that is
/// like one of the last few but for its values, only these are read (line_shape.hpp).
class LineScanner {
 public:
  LineScanner();
  ~LineScanner();
  ScannedLine scan(std::string_view line);

 private:
  std::vector<LineShape> shapes_;  // the one that fitted last comes first
};

}  // namespace virtscale::ledger
