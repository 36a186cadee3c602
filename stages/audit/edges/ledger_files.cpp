#include "stages/audit/edges/ledger_files.hpp"

#include <algorithm>
#include <fstream>

#include "topology/contract/note.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::audit {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> content_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

// Segments of tile paths are `tile`, `entries` and numbers (`x001`, `067`, `067.p`): none leads out of the directory.
bool is_tile_path(std::string_view path) {
  if (!path.starts_with("tile/")) return false;
  path.remove_prefix(5);
  if (path.starts_with("entries/")) path.remove_prefix(8);
  return !path.empty() && path.find_first_not_of("0123456789x/.p") == path.npos && path.find("..") == path.npos;
}

HttpResponse file_response(std::string body, std::string_view content_type, std::string_view cache) {
  HttpResponse response{200, std::string(content_type), std::move(body)};
  response.headers.emplace_back("Cache-Control", cache);
  return response;
}

std::uint64_t signed_size(const fs::path& directory) {
  const auto note = parse_note(content_of(directory / "checkpoint").value_or(""));
  const auto checkpoint = note ? parse_checkpoint(note->text) : std::nullopt;
  return checkpoint ? checkpoint->tree.size : 0;
}

// Appends the entries of a bundle from its `skip`-th on as lines, while `wanted` lasts.
void append_lines(std::string_view bundle, std::uint64_t skip, std::uint64_t& wanted, std::string& lines) {
  while (bundle.size() >= 2 && wanted > 0) {
    const auto length = std::size_t{static_cast<unsigned char>(bundle[0])} << 8 | static_cast<unsigned char>(bundle[1]);
    if (skip == 0) {
      lines += bundle.substr(2, length);
      lines += '\n';
      --wanted;
    } else {
      --skip;
    }
    bundle.remove_prefix(std::min(bundle.size(), 2 + length));
  }
}

}  // namespace

HttpResponse ledger_file(const fs::path& directory, std::string_view path) {
  const bool is_text = path == "checkpoint" || path == "keys";
  if (!is_text && !is_tile_path(path)) return response_to({404, "not_found", "a ledger has no such file"});
  auto content = content_of(directory / path);
  if (!content)
    return response_to({404, "not_found", "the ledger has no such file (yet): read its checkpoint for its size"});
  if (is_text) return file_response(std::move(*content), "text/plain; charset=utf-8", "no-cache");
  return file_response(std::move(*content), "application/octet-stream", "public, max-age=604800, immutable");
}

HttpResponse ledger_lines(const fs::path& directory, std::uint64_t from, std::uint64_t limit) {
  const auto size = signed_size(directory);
  std::string lines;
  auto wanted = from < size ? std::min({limit, size - from, lines_served_max}) : 0;
  while (wanted > 0 && lines.size() < lines_bytes_max) {
    const auto number = from / tile_width;
    auto bundle = content_of(directory / entries_path({0, number, width_of(0, number, size)}));
    // The ledger may have grown since its checkpoint was read.
    if (!bundle) bundle = content_of(directory / entries_path({0, number}));
    if (!bundle) break;
    append_lines(*bundle, from % tile_width, wanted, lines);
    from = (number + 1) * tile_width;
  }
  return file_response(std::move(lines), "application/x-ndjson", "no-cache");
}

}  // namespace virtscale::audit
