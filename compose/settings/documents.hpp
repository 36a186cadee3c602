// Contracts, services, cells and calendars as YAML or JSON, read into the events that apply them.
#pragma once

#include <string_view>

#include "topology/ports/documents.hpp"

namespace virtscale {

/// Reads all documents of a text (topology/ports/documents.hpp: ReadDocuments). A fault anywhere gives no documents.
/// Never throws.
ParsedDocuments parse_documents(std::string_view text, std::string_view file_name);

}  // namespace virtscale
