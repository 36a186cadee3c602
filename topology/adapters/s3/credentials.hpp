// The credentials file, as the tools of AWS have it.
#pragma once

#include <filesystem>
#include <string>

namespace virtscale::s3 {

/// What requests are signed with. Never printed.
struct Credentials {
  std::string key_id;
  std::string secret;
};

/// A credentials file has at most this many bytes.
inline constexpr std::size_t credentials_bytes_max = 16'384;

/// Reads the `[default]` section. Throws ArchiveError that names the file and the line, never what stands there: no
/// such file, one that others may read, a key that is unknown, missing or twice.
Credentials read_credentials(const std::filesystem::path& file);

}  // namespace virtscale::s3
