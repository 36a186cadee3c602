// A ledger's files as they are served: C2SP tlog-tiles, and lines cut out of its bundles.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "topology/ports/http.hpp"

namespace virtscale::audit {

/// Lines in one answer; each has at most 65,535 bytes, usually 1 KiB.
inline constexpr std::uint64_t lines_served_max = 1'000;
/// An answer of lines ends once it is longer than this.
inline constexpr std::size_t lines_bytes_max = 4 << 20;

/// The file `path` (`checkpoint`, `keys`, `tile/…`) of the ledger in `directory`; 404 if there is none or the path is
/// none of these.
HttpResponse ledger_file(const std::filesystem::path& directory, std::string_view path);

/// The lines from `from` on that the checkpoint covers, at most `limit`, one a line.
HttpResponse ledger_lines(const std::filesystem::path& directory, std::uint64_t from, std::uint64_t limit);

}  // namespace virtscale::audit
