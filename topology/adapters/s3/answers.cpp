#include "topology/adapters/s3/answers.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace virtscale::s3 {
namespace {

constexpr std::size_t code_bytes_max = 64;

bool is_letter_or_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// What stands between `<tag>` and `</tag>`, and cuts it off `xml` with all before it.
std::optional<std::string_view> take_element(std::string_view& xml, std::string_view tag) {
  const auto open = "<" + std::string(tag) + ">";
  const auto close = "</" + std::string(tag) + ">";
  const auto begin = xml.find(open);
  if (begin == xml.npos) return std::nullopt;
  const auto end = xml.find(close, begin);
  if (end == xml.npos) return std::nullopt;
  const auto text = xml.substr(begin + open.size(), end - begin - open.size());
  xml.remove_prefix(end + close.size());
  return text;
}

std::optional<std::string_view> element(std::string_view xml, std::string_view tag) {
  return take_element(xml, tag);
}

/// What holds no elements of its own: markup in it is of another one, whose end is missing.
std::optional<std::string_view> text_element(std::string_view xml, std::string_view tag) {
  const auto text = element(xml, tag);
  return text && text->find('<') == text->npos ? text : std::nullopt;
}

/// The five names that XML has of its own; a reference by number is in no token or key that we make.
std::string unescaped(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> names = {
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string plain;
  while (!text.empty()) {
    const auto* name = std::ranges::find_if(names, [&](const auto& one) { return text.starts_with(one.first); });
    plain += name == names.end() ? text.front() : name->second;
    text.remove_prefix(name == names.end() ? 1 : name->first.size());
  }
  return plain;
}

}  // namespace

std::string error_code(std::string_view xml) {
  const auto code = element(xml, "Code");
  if (!code || code->size() > code_bytes_max || !std::ranges::all_of(*code, is_letter_or_digit)) return {};
  return std::string(*code);
}

std::optional<Page> read_page(std::string_view xml) {
  const auto whole = xml.find("</ListBucketResult>");
  const auto truncated = element(xml, "IsTruncated");
  if (whole == xml.npos || !truncated) return std::nullopt;
  Page page;
  if (*truncated == "true") {
    const auto next = text_element(xml, "NextContinuationToken");
    if (!next || next->empty()) return std::nullopt;
    page.next = unescaped(*next);
  }
  for (auto rest = xml; const auto contents = take_element(rest, "Contents");) {
    const auto key = text_element(*contents, "Key");
    if (!key) return std::nullopt;
    page.keys.push_back(unescaped(*key));
  }
  return page;
}

std::string encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string safe;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      safe += c;
    } else {
      safe += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return safe;
}

}  // namespace virtscale::s3
