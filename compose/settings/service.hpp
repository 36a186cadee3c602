// A service's document, read into the event that applies it.
#pragma once

#include <string>
#include <vector>

#include "compose/settings/fields.hpp"
#include "topology/ports/documents.hpp"

namespace virtscale {

/// More domains than this are a mistake, not a service.
inline constexpr std::int64_t replicas_max = 10'000;
inline constexpr std::size_t rules_max = 64;
inline constexpr std::size_t command_words_max = 64;
inline constexpr std::size_t command_word_bytes_max = 4'096;

/// Adds its faults to `faults`; then the document is of no use.
Document read_service(const YamlNode& node, Faults& faults);

/// `vcpu`, `ram` and `disk` of a map, all needed; -1 for one that has a fault.
struct WrittenResources {
  std::int64_t vcpu_milli = -1;
  std::int64_t ram_mib = -1;
  std::int64_t disk_gib = -1;
};
WrittenResources read_resources(Fields& fields);

}  // namespace virtscale
