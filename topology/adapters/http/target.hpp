// The target of a request line, read strictly: what two readers could take for different things is refused.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace virtscale {

struct HttpTarget {
  std::string path;
  std::map<std::string, std::string> query;  ///< of a name that stands twice, the first
};

/// Decodes a target in origin form (RFC 9112, 3.2.1). Nothing for one that is not: no leading '/', a bad escape, a
/// control character, an escaped '/', or a segment `.` or `..` (so that no path leaves the directory it is served
/// from).
std::optional<HttpTarget> parse_target(std::string_view target);

}  // namespace virtscale
