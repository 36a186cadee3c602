// Maps of YAML, field by field: what is missing, unknown or of the wrong kind becomes a fault with its place.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "compose/settings/units.hpp"
#include "compose/settings/yaml.hpp"

namespace virtscale {

/// More faults than this help nobody.
inline constexpr std::size_t faults_max = 100;

/// The faults of one text, in the order in which they were found; sorted by place when taken.
class Faults {
 public:
  void add(DocumentPlace at, std::string message);
  bool empty() const { return faults_.empty(); }
  std::vector<DocumentFault> take();

 private:
  std::vector<DocumentFault> faults_;
};

enum class Presence : std::uint8_t { needed, optional };

/// A list of at most `items_max`; anything else is a fault, and then empty.
const std::vector<YamlNode>& read_list(const YamlNode& node, std::string_view what, std::size_t items_max,
                                       Faults& faults);

/// The fields of one map. `what` names it in faults, such as "a service".
class Fields {
 public:
  /// `known` are all keys that the map may have; others are faults. A node that is no map is a fault, and has no
  /// fields.
  Fields(const YamlNode& node, std::string_view what, std::initializer_list<std::string_view> known, Faults& faults);

  /// The value of `key`; null if there is none, which is a fault if it is needed.
  const YamlNode* find(std::string_view key, Presence presence);

  /// Reads a text with one of the readers of units.hpp, or one like them. True if there was one without a fault.
  template <class Value, class Read>
  bool read(std::string_view key, Presence presence, Read reader, Value& value) {
    const auto* node = text(key, presence);
    if (!node) return false;
    return accept(*node, key, reader(std::string_view(node->text), value));
  }

  /// An integer from `least` to `most`.
  template <class Integer>
  bool read_number(std::string_view key, Presence presence, std::int64_t least, std::int64_t most, Integer& value) {
    std::int64_t number = 0;
    if (!read(
            key, presence, [&](std::string_view text, std::int64_t& n) { return bounded(text, least, most, n); },
            number)) {
      return false;
    }
    value = static_cast<Integer>(number);
    return true;
  }

  /// A duration from `least` to `most`.
  bool read_time(std::string_view key, Presence presence, Duration least, Duration most, Duration& value);

  /// One line of 1 to `bytes_max` bytes.
  bool read_line(std::string_view key, Presence presence, std::size_t bytes_max, std::string& value);

  Faults& faults() { return faults_; }
  DocumentPlace at() const { return node_.at; }

 private:
  const YamlNode* text(std::string_view key, Presence presence);
  bool accept(const YamlNode& node, std::string_view key, const std::string& fault);
  static std::string bounded(std::string_view text, std::int64_t least, std::int64_t most, std::int64_t& value);

  const YamlNode& node_;
  std::string what_;
  Faults& faults_;
};

/// One line of text without control characters; what is wrong otherwise.
std::string read_plain_line(std::string_view text, std::size_t bytes_max, std::string& value);

}  // namespace virtscale
