// Lines of a ledger, as the verifier reads them. Property: what it takes for canonical JSON is exactly what another
// reader and a writer of RFC 8785 make of it, byte for byte; and what the line says of itself is what that reader
// finds. Lines that are read one after another are what each is alone.
#include <boost/json.hpp>
#include <map>

#include "compose/ledger/canonical.hpp"
#include "tests/fuzz/input.hpp"

namespace virtscale::fuzz {
namespace {

namespace json = boost::json;

// RFC 8785, 3.2.3: keys ascend by UTF-16 code units. Surrogates stand below U+E000, and for characters above U+FFFF.
std::u16string utf16(std::string_view text) {
  std::u16string units;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    std::uint32_t code = more == 0 ? lead : lead & (0x3fU >> more);
    for (int n = 1; n <= more; ++n) code = code << 6U | (static_cast<unsigned char>(text[i + n]) & 0x3fU);
    i += static_cast<std::size_t>(more) + 1;
    if (code < 0x10000) {
      units += static_cast<char16_t>(code);
    } else {
      units +=
          {static_cast<char16_t>(0xd800 + ((code - 0x10000) >> 10U)), static_cast<char16_t>(0xdc00 + (code & 0x3ffU))};
    }
  }
  return units;
}

std::string quoted(std::string_view text) {
  static constexpr std::string_view letters = "btn-fr";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    char escape[8];
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte >= 8 && byte <= 13 && byte != 11) {
      out += {'\\', letters[byte - 8U]};
    } else if (byte < 0x20) {
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string written(const json::value& value) {
  std::string out;
  if (value.is_object()) {
    std::map<std::u16string, std::string> members;
    for (const auto& [key, member] : value.get_object()) members[utf16(key)] = quoted(key) + ":" + written(member);
    for (const auto& [key, member] : members) out += (out.empty() ? "" : ",") + member;
    return "{" + out + "}";
  }
  if (value.is_array()) {
    for (const auto& item : value.get_array()) out += (out.empty() ? "" : ",") + written(item);
    return "[" + out + "]";
  }
  return value.is_string() ? quoted(value.get_string()) : json::serialize(value);
}

void check_head(const ledger::LineHead& head, const json::object& line) {
  const auto* org = line.if_contains("org");
  const auto* index = line.if_contains("index");
  if (org != nullptr && org->is_string())
    check("\"" + std::string(head.org) + "\"" == quoted(org->get_string()), "a line's org is its member");
  const bool is_index = index != nullptr && index->is_int64() && index->get_int64() >= 0;
  check(head.index.has_value() == is_index, "a line has an index if it has such a member");
  check(!is_index || head.index == static_cast<std::uint64_t>(index->get_int64()), "a line's index is its member");
}

void check_line(std::string_view line, ledger::LineScanner& scanner) {
  const auto scanned = ledger::scan_line(line);
  const auto in_turn = scanner.scan(line);
  check(in_turn.fault == scanned.fault, "a line is canonical whatever came before", scanned.fault);
  if (!scanned.fault.empty()) return;
  check(in_turn.head == scanned.head, "a line says the same of itself whatever came before");
  boost::system::error_code error;
  const auto value = json::parse({line.data(), line.size()}, error);
  check(!error && value.is_object(), "a canonical line is a JSON object", line);
  check(written(value) == line, "a canonical line is as RFC 8785 writes it", written(value));
  check_head(scanned.head, value.get_object());
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  auto lines = fuzz::Input(data, size).rest();
  ledger::LineScanner scanner;
  for (auto end = lines.find('\n'); end != lines.npos; end = lines.find('\n')) {
    fuzz::check_line(lines.substr(0, end), scanner);
    lines.remove_prefix(end + 1);
  }
  fuzz::check_line(lines, scanner);
  return 0;
}
