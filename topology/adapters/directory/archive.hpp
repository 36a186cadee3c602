// The archive in a directory: on another disk, or on a file system that several machines share.
//
// The one thing to know: an object is written under another name, synced, and then renamed, so a crash leaves it whole
// or not at all; and what a crash leaves behind is removed a day later.
#pragma once

#include <filesystem>
#include <memory>

#include "topology/ports/archive.hpp"

namespace virtscale {

/// Opens the archive in `directory`, which is made, with its parents, if there is none. Any number of processes may
/// have it at a time. Throws ArchiveError with the path and what to do, as all functions of the archive do.
std::unique_ptr<Archive> make_directory_archive(const std::filesystem::path& directory);

}  // namespace virtscale
