// What a test does to the files of a log: finds them, flips bits, cuts and copies them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace virtscale {

inline std::string contents_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_contents(const std::filesystem::path& file, const std::string& contents) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << contents;
}

inline void flip_bit(const std::filesystem::path& file, std::size_t byte) {
  std::string contents = contents_of(file);
  contents.at(byte) = static_cast<char>(contents[byte] ^ 0x10);
  write_contents(file, contents);
}

/// The segment files, oldest first.
inline std::vector<std::filesystem::path> segments_in(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().extension() == ".segment") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

inline void copy_log(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

}  // namespace virtscale
