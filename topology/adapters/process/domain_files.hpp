// The files by which domains are found again: one for each, replaced as a whole.
//
// The one thing to know: several processes use one directory. Whoever writes or removes the file of a domain holds the
// lock of its name (name_lock.hpp); whoever reads sees the file before or after a change.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace virtscale::process {

/// Names longer than this would not fit a file's name with its ending.
inline constexpr std::size_t name_bytes_max = 200;

/// What a domain's file may hold: five numbers and words, one of them a name.
inline constexpr std::size_t file_bytes_max = 1'024;

/// Output of domains that are gone is kept for this many of them, for whoever asks why one never served.
inline constexpr std::size_t logs_kept_max = 1'000;

/// Which process a domain is. A pid alone may have been given to another process since: boot and start time tell.
struct DomainFile {
  pid_t pid = 0;                  ///< 0: about to be started
  std::uint64_t start_ticks = 0;  ///< field 22 of /proc/PID/stat
  std::uint16_t port = 0;
  std::string boot;  ///< /proc/sys/kernel/random/boot_id
  std::string cell;  ///< that the domain belongs to; a safe name
};

/// How sure a write must be: `hasty` survives the process, `durable` the machine.
enum class WriteCare : std::uint8_t { hasty, durable };

/// True for names of domains and cells that are safe as file names and as words of a file: letters, digits, `.`, `_`,
/// `-`, not beginning with a dot, bounded.
bool is_safe_name(std::string_view name);

/// Used by any thread. Errors are std::system_error that name the file.
class DomainFiles {
 public:
  /// Throws std::system_error if the directory cannot be made or written.
  explicit DomainFiles(const std::filesystem::path& directory);

  /// Canonical and absolute.
  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path log_of(const std::string& name) const { return directory_ / "logs" / (name + ".log"); }

  /// Where the names are locked.
  std::filesystem::path locks() const { return directory_ / "lock"; }

  /// The file of a domain; nothing if there is none or it is no such file.
  std::optional<DomainFile> read(const std::string& name) const;
  void write(const std::string& name, const DomainFile& file, WriteCare care);
  /// None is removed already.
  void remove(const std::string& name);
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const;
  /// Of all domains but this one.
  std::set<std::uint16_t> ports_of_others(const std::string& name) const;
  /// Removes the oldest output of domains that have no file, all but `logs_kept_max`.
  void prune_logs();

 private:
  std::filesystem::path path_of(const std::string& name) const { return domains_ / name; }

  std::filesystem::path directory_;
  std::filesystem::path domains_;
};

}  // namespace virtscale::process
