// A capsule as a file: a part of a log that can be carried elsewhere, with a manifest of what it is.
//
// The one thing to know: it is a plain tar of a directory that reads like any other: `log/` in the segment format,
// `snapshot/`, `keys/`, and MANIFEST, which ends in the SHA-256 of every other file as `sha256sum --check` reads them.
// So `tar -xf` is all that it takes to look inside.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "topology/host/temporary_directory.hpp"

namespace virtscale::replay {

/// A capsule cannot be written or read, or is damaged; the message names the file, the place and what to do.
class CapsuleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// More files than any capsule has: five stages with 1,024 partitions each, and the log.
inline constexpr std::size_t capsule_entries_max = 10'000;
/// One file of a capsule: a segment of the log is smaller.
inline constexpr std::uint64_t capsule_entry_bytes_max = 4ULL << 30U;

/// The name of the manifest in a capsule.
inline constexpr const char* manifest_name = "MANIFEST";

/// Makes `file` of everything in `directory`: adds the manifest, which begins with `about` (lines of `name: value`),
/// and packs. The file appears whole or not at all. Returns the SHA-256 of the manifest in hexadecimal digits, which
/// stands for the whole capsule. Throws CapsuleError; a file that is there already is refused.
std::string pack_capsule(const std::filesystem::path& directory, const std::string& about,
                         const std::filesystem::path& file);

/// The files of a capsule, each checked against the manifest, in a directory that lives as long as the object. Throws
/// CapsuleError for whatever is not as it was packed.
std::shared_ptr<const TemporaryDirectory> unpack_capsule(const std::filesystem::path& file);

/// Checks a directory that a capsule was unpacked into: every file that the manifest lists is there and unchanged.
/// Throws CapsuleError.
void check_manifest(const std::filesystem::path& directory);

}  // namespace virtscale::replay
