// YAML as a plain tree in which every node knows its place, for readers that must say where a fault is.
//
// The one thing to know: it takes less than YAML. Aliases, anchors, tags, keys that are not text and keys that stand
// twice are faults, so that a text means what it shows, and a few bytes cannot become a gigabyte. Columns count bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/ports/documents.hpp"

namespace virtscale {

/// Of one text: the bound of a request's body.
inline constexpr std::size_t yaml_bytes_max = 1 << 20;
/// Nothing of ours nests deeper than 6.
inline constexpr std::size_t yaml_depth_max = 16;

struct YamlNode {
  enum class Kind : std::uint8_t { null, text, list, map };
  enum class Quotes : std::uint8_t { none, some };
  Kind kind = Kind::null;
  Quotes quotes = Quotes::none;
  DocumentPlace at{};
  std::string text{};             ///< of a text: as it stands, not yet a number or anything
  std::vector<YamlNode> keys{};   ///< of a map: texts, in the order of the file
  std::vector<YamlNode> items{};  ///< of a list; of a map: the value of each key
};

struct ParsedYaml {
  std::vector<YamlNode> documents;       ///< empty ones are left out
  std::optional<DocumentFault> fault{};  ///< then there are no documents
};

/// Never throws. JSON is YAML.
ParsedYaml parse_yaml(std::string_view text);

}  // namespace virtscale
