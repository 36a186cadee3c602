// The archive: named blobs that outlive a disk. Snapshots and cold storage are kept here.
//
// The one thing to know: an object is there whole or not at all, and is never changed once it is there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace virtscale {

/// The archive cannot be read or written; the message says what, where and what to do, and holds no secret.
class ArchiveError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A name has at most this many bytes: half of what S3 takes, so that an archive may put a prefix of its own before it.
inline constexpr std::size_t archive_name_bytes_max = 512;
/// An object has at most this many bytes: what S3 takes in one piece.
inline constexpr std::uint64_t archive_object_bytes_max = 5ULL << 30U;
/// A listing has at most this many names; a longer one throws, and is asked for by a longer prefix.
inline constexpr std::size_t archive_listing_max = 1'000'000;

/// True for a name: parts of [A-Za-z0-9._-] that are not all dots, joined by `/`.
constexpr bool is_archive_name(std::string_view name) {
  bool has_letter = false;  // of this part
  for (const char c : name) {
    if (c == '/' && !has_letter) return false;
    const bool letter =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!letter && c != '.' && c != '/') return false;
    has_letter = c != '/' && (has_letter || letter);
  }
  return has_letter && name.size() <= archive_name_bytes_max;
}

/// Blocking; thread-safe. Objects have names as above, like paths: `policy-3/00000000000000000815/manifest.json`.
class Archive {
 public:
  virtual ~Archive() = default;
  /// Stores the file's bytes under `name`. REQUIRES: no other bytes are there. Throws ArchiveError.
  virtual void put(const std::string& name, const std::filesystem::path& file) = 0;
  /// Writes the object into `file`, which must not exist. False if there is no such object. Throws ArchiveError.
  virtual bool get(const std::string& name, const std::filesystem::path& file) = 0;
  /// The names of all objects that begin with `prefix`, in ascending order of bytes. Throws ArchiveError.
  virtual std::vector<std::string> list(std::string_view prefix) = 0;
  /// Removes the object; one that is not there is removed already. Throws ArchiveError.
  virtual void remove(const std::string& name) = 0;
};

}  // namespace virtscale
