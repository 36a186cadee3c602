// The NUMA nodes that a placement has looked at: how their names lie beside their numbers, written and read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "schemas/codec.hpp"

namespace virtscale::schema {

/// Appends the zone's and the node's name to `names`, as far as a Candidate can tell their length: 65,535 bytes each.
template <class Text>
Candidate named_candidate(Text& names, std::string_view zone, std::string_view node, Candidate numbers) {
  constexpr std::size_t name_bytes_max = std::numeric_limits<std::uint16_t>::max();
  zone = zone.substr(0, name_bytes_max);
  node = node.substr(0, name_bytes_max);
  names.append(zone).append(" ").append(node).append(" ");
  numbers.mutate_zone_bytes(static_cast<std::uint16_t>(zone.size()));
  numbers.mutate_node_bytes(static_cast<std::uint16_t>(node.size()));
  return numbers;
}

/// Takes the names of candidates, one after the other, off the text that they lie in. A text that is too short for what
/// the candidates say gives names that are.
class CandidateNames {
 public:
  explicit CandidateNames(std::string_view names) : rest_(names) {}
  /// The next name, of `bytes` bytes.
  std::string_view next(std::size_t bytes) {
    const auto name = rest_.substr(0, bytes);
    rest_.remove_prefix(std::min(rest_.size(), bytes + 1));
    return name;
  }

 private:
  std::string_view rest_;
};

/// For people: `no room: vcpu`; empty for the one that was chosen.
constexpr std::string_view text_of(PassedOver why) {
  switch (why) {
    case PassedOver::no:
      return "";
    case PassedOver::failed_before:
      return "failed before";
    case PassedOver::no_room_vcpu:
      return "no room: vcpu";
    case PassedOver::no_room_ram:
      return "no room: ram";
    case PassedOver::no_room_vcpu_ram:
      return "no room: vcpu, ram";
    case PassedOver::as_loaded_later_by_name:
      return "as loaded, later by name";
    case PassedOver::less_loaded:
      return "less loaded";
    case PassedOver::more_loaded:
      return "more loaded";
  }
  return "for a reason that this version does not know";
}

}  // namespace virtscale::schema
