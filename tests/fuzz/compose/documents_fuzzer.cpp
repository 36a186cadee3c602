// Documents of every kind, YAML or JSON. Properties: documents or faults, never both and never neither; a fault stands
// at a place of the text and is one line; each document is an Event that is admitted on its topic; the same text gives
// the same documents, also with a byte order mark before it.
#include "compose/settings/documents.hpp"
#include "schemas/codec.hpp"
#include "tests/fuzz/input.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::fuzz {
namespace {

void check_document(const Document& document) {
  const LogRecord record{{document.to, 0}, 0, {}, document.key, document.event, 0};
  std::string reason;
  check(admit(record, AllowedEvents(document.to), 1, reason) != nullptr, "a document is admitted", reason);
  check(document.key.size() <= key_bytes_max && !document.key.empty(), "a document has a key", document.key);
  check(document.at.line >= 1 && document.at.column >= 1, "a document has a place");
}

void check_fault(const DocumentFault& fault, std::size_t lines) {
  check(fault.line >= 1 && fault.column >= 1 && fault.line <= lines + 1, "a fault has a place", fault.message);
  check(!fault.message.empty() && fault.message.size() < 1'000, "a fault is short", fault.message);
}

bool same(const ParsedDocuments& one, const ParsedDocuments& other) {
  if (one.documents.size() != other.documents.size() || one.faults.size() != other.faults.size()) return false;
  for (std::size_t i = 0; i < one.documents.size(); ++i) {
    if (one.documents[i].event != other.documents[i].event) return false;
  }
  return true;
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  const auto text = fuzz::Input(data, size).rest();
  const auto parsed = parse_documents(text, "fuzz.yaml");
  fuzz::check(parsed.documents.empty() != parsed.faults.empty(), "there are documents, or faults");
  // yaml-cpp ends lines at carriage returns as well.
  const auto lines =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; })) +
      1;
  for (const auto& fault : parsed.faults) fuzz::check_fault(fault, lines);
  for (const auto& document : parsed.documents) fuzz::check_document(document);
  if (!text.starts_with("\xef\xbb\xbf"))
    fuzz::check(fuzz::same(parsed, parse_documents("\xef\xbb\xbf" + std::string(text), "fuzz.yaml")),
                "a byte order mark changes nothing");
  return 0;
}
