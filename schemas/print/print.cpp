#include "schemas/print/print.hpp"

#include <flatbuffers/minireflect.h>

#include <utility>

#include "schemas/envelope_generated.h"

namespace virtscale::schema {

std::string print_event(std::span<const std::byte> event) {
  return print_row(event, EventTypeTable());
}

std::string print_row(std::span<const std::byte> row, const flatbuffers::TypeTable* type) {
  flatbuffers::ToStringVisitor text(" ", true, "", false);
  flatbuffers::IterateFlatBuffer(reinterpret_cast<const std::uint8_t*>(row.data()), type, &text);
  return std::move(text.s);
}

}  // namespace virtscale::schema
