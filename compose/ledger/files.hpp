// The files of a ledger: read within bounds, replaced whole.
//
// A ledger's directory is `<ledgers>/<org>/` with `checkpoint`, `tile/…`, `tile/entries/…` (C2SP tlog-tiles),
// `lines.jsonl` and `keys` (one vkey a line).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/merkle.hpp"
#include "topology/contract/note.hpp"

namespace virtscale::ledger {

/// A full bundle with the longest entries, and more than any other file but `lines.jsonl`.
inline constexpr std::size_t file_bytes_max = tile_width * (entry_bytes_max + 2);

/// Whether the org's name can be that of a directory: 1 to 128 letters, digits, `.`, `_` or `-`, not beginning with
/// `.`.
bool is_ledger_name(std::string_view org);

/// The whole file; nothing if there is none, it cannot be read, or it is longer than `file_bytes_max`.
std::optional<std::string> read_file(const std::filesystem::path& path);

/// Replaces the file by one with this content, or makes it, with its directories; a reader sees the old or the new.
/// Returns what went wrong, or nothing. Not durable yet: sync_files.
std::string replace_file(const std::filesystem::path& path, std::string_view content);

/// Writes `content` at `offset` of the file and cuts it off behind. Returns what went wrong, or nothing. Not durable
/// yet.
std::string write_tail(const std::filesystem::path& path, std::uint64_t offset, std::string_view content);

/// Makes all that was written to the file system of `directory` durable, names of files included: one wait for however
/// many files. Returns what went wrong, or nothing.
std::string sync_files(const std::filesystem::path& directory);

/// The entries of a bundle, without their lengths; nothing unless the bundle is whole. Borrowed from it.
std::optional<std::vector<std::string_view>> entries_of(std::string_view bundle);
/// Appends an entry of at most `entry_bytes_max` bytes to a bundle.
void append_entry(std::string& bundle, std::string_view entry);

/// The vkeys of a file, one a line; nothing if one is not a vkey.
std::optional<std::vector<VerifierKey>> parse_keys(std::string_view file);

/// The perfect subtrees of a ledger of `size` lines, from its tiles (PerfectSubtrees of contract/merkle.hpp). Where a
/// partial tile is missing, the full one serves, as C2SP tlog-tiles allows.
class TileReader {
 public:
  TileReader(std::filesystem::path directory, std::uint64_t size) : directory_(std::move(directory)), size_(size) {}
  /// A digest of zeros if a tile cannot be read; `fault` names it then.
  Digest operator()(std::uint64_t begin, std::uint64_t end);
  /// The hashes of a tile of this tree; empty with a `fault` if it is missing or too short.
  std::vector<Digest> hashes(unsigned level, std::uint64_t number);
  /// The bundle of entries beside tile `number` of level 0, cut to this tree; empty with a `fault` likewise.
  std::string bundle(std::uint64_t number);
  const std::string& fault() const { return fault_; }

 private:
  std::optional<std::string> read(const std::string& partial, const std::string& full);

  std::filesystem::path directory_;
  std::uint64_t size_;
  std::string fault_;
};

}  // namespace virtscale::ledger
