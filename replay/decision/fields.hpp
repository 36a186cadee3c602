// Events and rows as fields: the leaves of their JSON, by path, as people read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/decision/trace.hpp"

namespace virtscale::replay {

/// `reserved.vcpu_milli` and `10000`. Instants are UTC, spans seconds, scale events `evt-…`.
struct Field {
  std::string path;
  std::string value;
  friend bool operator==(const Field&, const Field&) = default;
};

/// Lists of numbers, such as hashes, are told by their length.
inline constexpr std::size_t numbers_shown_max = 4;

/// The leaves of a JSON document, in its order; none if it is empty or not JSON.
std::vector<Field> fields_of(std::string_view json);
/// The fields of an event's body.
std::vector<Field> body_fields(Bytes event);

/// A field that a record changed; empty where there was none.
struct FieldChange {
  std::string path;
  std::string before;
  std::string after;
};
std::vector<FieldChange> differences(const RowText& row);

/// `service web, amount 1`: fields in a row.
std::string in_words(const std::vector<Field>& fields);

}  // namespace virtscale::replay
