#include "topology/adapters/http/target.hpp"

#include <charconv>
#include <utility>

namespace virtscale {
namespace {

enum class Plus { is_plus, is_space };

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::optional<char> unescape(std::string_view digits) {
  unsigned char value = 0;
  if (digits.size() < 2) return std::nullopt;
  const auto read = std::from_chars(digits.data(), digits.data() + 2, value, 16);
  if (read.ec != std::errc() || read.ptr != digits.data() + 2) return std::nullopt;
  return static_cast<char>(value);
}

std::optional<std::string> decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = text[i];
    if (c == '+' && plus == Plus::is_space) c = ' ';
    if (c == '%') {
      const auto escaped = unescape(text.substr(i + 1));
      if (!escaped) return std::nullopt;
      c = *escaped;
      i += 2;
      if (c == '/' && plus == Plus::is_plus) return std::nullopt;
    }
    if (is_control(c)) return std::nullopt;
    decoded.push_back(c);
  }
  return decoded;
}

/// The text up to `mark`, which is cut off `text` together with the mark.
std::string_view cut(std::string_view& text, char mark) {
  const auto end = text.find(mark);
  const auto part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

bool leaves_its_place(std::string_view path) {
  while (!path.empty()) {
    const auto segment = cut(path, '/');
    if (segment == "." || segment == "..") return true;
  }
  return false;
}

}  // namespace

std::optional<HttpTarget> parse_target(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  auto rest = target.substr(0, target.find('#'));
  HttpTarget parsed;
  auto path = decode(cut(rest, '?'), Plus::is_plus);
  if (!path || leaves_its_place(*path)) return std::nullopt;
  parsed.path = std::move(*path);
  while (!rest.empty()) {
    auto pair = cut(rest, '&');
    auto name = decode(cut(pair, '='), Plus::is_space);
    auto value = decode(pair, Plus::is_space);
    if (!name || !value) return std::nullopt;
    if (!name->empty()) parsed.query.emplace(std::move(*name), std::move(*value));
  }
  return parsed;
}

}  // namespace virtscale
