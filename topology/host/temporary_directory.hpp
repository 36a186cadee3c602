// A directory for what is needed only a while, among the system's temporary files (TMPDIR), gone with the object.
#pragma once

#include <filesystem>

namespace virtscale {

class TemporaryDirectory {
 public:
  /// `memory`: where there is such a file system, for files that nobody has to find after a crash.
  enum class On { disk, memory };
  /// Throws std::runtime_error with its name and what to do.
  explicit TemporaryDirectory(On on = On::disk);
  /// Removes it with all that is in it.
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace virtscale
