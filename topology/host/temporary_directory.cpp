#include "topology/host/temporary_directory.hpp"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace virtscale {

namespace {

std::filesystem::path parent_on(TemporaryDirectory::On on) {
  const std::filesystem::path memory = "/dev/shm";
  const bool in_memory = on == TemporaryDirectory::On::memory && std::filesystem::is_directory(memory);
  return in_memory ? memory : std::filesystem::temp_directory_path();
}

}  // namespace

TemporaryDirectory::TemporaryDirectory(On on) {
  auto name = (parent_on(on) / "virtscale-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error(name + ": cannot be made: " + std::strerror(errno) +
                             " (set TMPDIR to a directory with room)");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

}  // namespace virtscale
