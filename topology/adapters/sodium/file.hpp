// Small files that keys are kept in: read whole, written once.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace virtscale {

enum class Secrecy { secret, published };

/// The text of a key file without its last newline. A secret file that others may read is refused. Throws KeyError.
std::string read_key_file(const std::filesystem::path& path, Secrecy secrecy);

/// Writes `text` and a newline to a file that must not exist yet, durably; mode 0600 for a secret, 0644 otherwise.
/// Throws KeyError.
void write_key_file(const std::filesystem::path& path, std::string_view text, Secrecy secrecy);

}  // namespace virtscale
