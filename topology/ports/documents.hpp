// Documents (kind: Contract, Service, Cell, Calendar) as the edge that applies them sees them: read whole, or not at
// all.
//
// The one thing to know: a reader turns text into events that are ready to be appended, and knows nothing of a log. So
// whoever applies them decides about order, versions and answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/event.hpp"

namespace virtscale {

/// A file holds at most this many documents: the body of a request is at most 1 MiB, and a service takes a few hundred
/// bytes.
inline constexpr std::size_t documents_max = 1'000;

/// In the order in which they are applied: a service needs its cell and its org's contract.
enum class DocumentKind : std::uint8_t { cell, contract, service, calendar };

/// `Cell`, `Contract`, `Service` or `Calendar`, as the documents and DocumentFolded write it.
constexpr std::string_view name_of(DocumentKind kind) {
  constexpr std::string_view names[] = {"Cell", "Contract", "Service", "Calendar"};
  return names[static_cast<std::size_t>(kind)];
}

/// A place in a file; both are counted from 1.
struct DocumentPlace {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// One document, sound in itself, as the event that applies it.
struct Document {
  DocumentKind kind{};
  std::string org;                     ///< empty for a cell
  std::string name;                    ///< of the service, cell or calendar; of a contract, its org
  std::int64_t version = 0;            ///< of a contract or calendar; 0 otherwise
  DocumentPlace at;                    ///< where the document begins
  std::vector<DocumentPlace> rules{};  ///< of a service: where each entry of `scale:` stands, in its order
  Topic to{};       ///< ContractApplied, CalendarApplied: signals; ServiceApplied: alerts; CellApplied: decisions
  std::string key;  ///< of the record: `org`; `org/service`; the cell's name
  std::vector<std::byte> event;  ///< the encoded Event (schemas/codec.hpp: encode) with a blank header
};

/// What is wrong with a file, where, and what to do about it. `message` is one sentence for people.
struct DocumentFault {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::string message;
};

/// All documents of a file in its order. If there are `faults`, nothing of the file may be applied.
struct ParsedDocuments {
  std::vector<Document> documents;
  std::vector<DocumentFault> faults;
};

/// Reads YAML or JSON (which is YAML). Bounded; never throws for what is in `text`. `file_name` is for messages only.
/// Thread-safe.
using ReadDocuments = std::function<ParsedDocuments(std::string_view text, std::string_view file_name)>;

}  // namespace virtscale
