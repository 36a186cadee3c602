// Files of a snapshot on this machine: hashed, read, and made durable.
#pragma once

#include <filesystem>
#include <string>

#include "topology/host/snapshot/manifest.hpp"

namespace virtscale {

/// Name, size and SHA-256 of a file. Throws SnapshotError with the path.
SnapshotFile describe_file(const std::filesystem::path& path);

/// The text of a file of at most `bytes_max`. Throws SnapshotError with the path.
std::string read_text_file(const std::filesystem::path& path, std::size_t bytes_max);

/// Writes the file anew and makes it durable; a crash leaves it whole or as it was. Throws SnapshotError with the path.
void write_text_file(const std::filesystem::path& path, const std::string& text);

/// Makes the bytes of a file, or the entries of a directory, durable. Throws SnapshotError with the path.
void sync_to_disk(const std::filesystem::path& path);

}  // namespace virtscale
