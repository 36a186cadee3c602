// Events and rows as JSON, for people.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <span>
#include <string>

namespace virtscale::schema {

/// REQUIRES: `verify_event(event)` (schemas/codec.hpp).
std::string print_event(std::span<const std::byte> event);

/// A row of a state table, of the type that the table says. REQUIRES: `row` decodes.
std::string print_row(std::span<const std::byte> row, const flatbuffers::TypeTable* type);

}  // namespace virtscale::schema
