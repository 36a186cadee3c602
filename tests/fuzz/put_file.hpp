// How a fuzzer puts what it was given where its code reads files.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

namespace virtscale::fuzz {

/// Replaces the file's contents.
inline void put_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace virtscale::fuzz
