// The archive: named blobs that outlive a disk. Snapshots and cold storage are kept here.
//
// The one thing to know: an object is there whole or not at all, and is never changed once it is there.
#pragma once

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

/// Blocking; thread-safe. Names are like paths, `policy-3/000000000815/manifest.json`: parts of [A-Za-z0-9._-], joined
/// by `/`, at most 512 bytes.
class Archive {
 public:
  virtual ~Archive() = default;
  /// Stores the file's bytes under `name`. Throws ArchiveError.
  virtual void put(const std::string& name, const std::filesystem::path& file) = 0;
  /// Writes the object into `file`, which must not exist. False if there is no such object. Throws ArchiveError.
  virtual bool get(const std::string& name, const std::filesystem::path& file) = 0;
  /// The names of all objects that begin with `prefix`, in ascending order of bytes. Throws ArchiveError.
  virtual std::vector<std::string> list(std::string_view prefix) = 0;
  /// Removes the object; one that is not there is removed already. Throws ArchiveError.
  virtual void remove(const std::string& name) = 0;
};

}  // namespace virtscale
