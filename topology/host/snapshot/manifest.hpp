// The manifest of a snapshot: whose state it is, how far it is folded, and the files that it is made of.
//
// The one thing to know: it is JSON in one way of writing only. `read_manifest` takes what `print_manifest` makes, byte
// for byte, and nothing else; so the reader is short, and other tools can read it all the same.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/sha256.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// A snapshot that is not to be used; the message says which, and why.
class SnapshotError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Whose state it is: one partition of one stage over one log. All of it must agree before a snapshot is used.
struct SnapshotOwner {
  std::string log;  ///< the log's name for itself, drawn when it was made; [A-Za-z0-9._-]
  LogLayout layout;
  std::string stage;
  std::uint32_t partition = 0;
};

/// How far a state is folded, as the state itself says.
struct SnapshotPoint {
  std::uint32_t epoch = 0;   ///< of the fold, as it was active then
  std::uint64_t folded = 0;  ///< offset of the last record that is in the state
  std::uint64_t digest = 0;  ///< of the history up to there
  Instant stream_time;       ///< of that record
  friend bool operator==(const SnapshotPoint&, const SnapshotPoint&) = default;
};

/// One file of a store.
struct SnapshotFile {
  std::string name;  ///< without a folder
  std::uint64_t bytes = 0;
  Digest digest{};
};

struct SnapshotManifest {
  SnapshotOwner owner;
  SnapshotPoint at;
  std::vector<SnapshotFile> files;
};

/// The store of a partition has some ten files; this is far above, and bounds a manifest.
inline constexpr std::size_t snapshot_files_max = 10'000;
inline constexpr std::size_t manifest_bytes_max = 4U << 20U;
/// A file's name leaves room for the rest of the object's.
inline constexpr std::size_t snapshot_file_name_bytes_max = 128;

/// REQUIRES: within the bounds above, and names as they stand there.
std::string print_manifest(const SnapshotManifest& manifest);

/// Throws SnapshotError with the byte at which it is not a manifest, and what should stand there.
SnapshotManifest read_manifest(std::string_view text);

/// A digest in hexadecimal.
std::string hexadecimal(const Digest& digest);

}  // namespace virtscale
