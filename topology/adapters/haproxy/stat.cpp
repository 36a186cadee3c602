#include "topology/adapters/haproxy/stat.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace virtscale::haproxy {
namespace {

using Line = std::vector<std::string>;

/// Cuts the first line off `text`.
std::string_view cut_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Line split_csv(std::string_view line) {
  Line fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

constexpr std::array<std::string_view, 7> column_names = {"pxname", "svname", "status", "check_status",
                                                          "addr",   "scur",   "qcur"};
using Columns = std::array<std::size_t, column_names.size()>;

std::optional<Columns> find_columns(const Line& header) {
  Columns columns{};
  for (std::size_t i = 0; i < column_names.size(); ++i) {
    const auto found = std::find(header.begin(), header.end(), column_names[i]);
    if (found == header.end()) return std::nullopt;
    columns[i] = static_cast<std::size_t>(found - header.begin());
  }
  return columns;
}

/// A count; empty and unreadable are 0.
std::int64_t count_of(std::string_view text) {
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

StatRow row_of(const Line& line, const Columns& columns) {
  const auto field = [&](std::size_t i) { return columns[i] < line.size() ? line[columns[i]] : std::string(); };
  return {.proxy = field(0),
          .name = field(1),
          .status = field(2),
          .check = field(3),
          .address = field(4),
          .sessions = count_of(field(5)),
          .queued = count_of(field(6))};
}

}  // namespace

std::optional<std::vector<StatRow>> parse_stat(std::string_view csv) {
  const auto header = cut_line(csv);
  if (!header.starts_with("# ")) return std::nullopt;
  const auto columns = find_columns(split_csv(header.substr(2)));
  if (!columns) return std::nullopt;
  std::vector<StatRow> rows;
  while (!csv.empty()) {
    const auto line = cut_line(csv);
    if (!line.empty()) rows.push_back(row_of(split_csv(line), *columns));
  }
  return rows;
}

std::map<std::string, std::string, std::less<>> parse_info(std::string_view text) {
  std::map<std::string, std::string, std::less<>> info;
  while (!text.empty()) {
    const auto line = cut_line(text);
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos) info.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
  return info;
}

}  // namespace virtscale::haproxy
