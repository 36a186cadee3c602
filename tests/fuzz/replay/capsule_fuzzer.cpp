// Capsules from strangers. Input: the bytes of a file; or, if the first byte is odd, files from which a tar with the
// right checksums, a manifest and its seal are made.
// Properties: only CapsuleError; nothing is written outside of the directory that is unpacked into, and nothing of it
// is left behind; what is unpacked is what its manifest lists.
#include <array>
#include <vector>

#include "replay/capsule_file.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/put_file.hpp"
#include "topology/host/snapshot/manifest.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::fuzz {
namespace {

constexpr std::size_t block = 512;
constexpr int files_max = 8;

void put_octal(std::string& header, std::size_t at, std::size_t digits, std::uint64_t number) {
  for (auto i = digits; i-- > 0; number >>= 3U) header[at + i] = static_cast<char>('0' + (number & 7U));
}

// POSIX ustar: name at 0, size at 124, checksum at 148, type at 156.
std::string tar_entry(std::string_view name, std::string_view contents, char type, std::uint64_t size) {
  std::string header(block, '\0');
  header.replace(0, std::min<std::size_t>(name.size(), 100), name.substr(0, 100));
  put_octal(header, 124, 11, size);
  header[156] = type;
  header.replace(257, 5, "ustar");
  header.replace(148, 8, "        ");
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(header, 148, 7, sum);
  header[155] = '\0';
  return header + std::string(contents) + std::string((block - contents.size() % block) % block, '\0');
}

std::string sha256_line(std::string_view contents, std::string_view name) {
  return hexadecimal(sha256(bytes_of(contents))) + "  " + std::string(name) + "\n";
}

std::string forged(Input& input) {
  std::string tar;
  std::string manifest = "virtscale capsule 1\nmade by: a fuzzer\n\n";
  for (int files = input.integer<std::uint8_t>() % files_max; files > 0; --files) {
    const auto oddity = input.integer<std::uint8_t>();
    const auto name = input.text();
    const auto contents = input.text();
    const auto size = (oddity & 1U) != 0 ? input.integer<std::uint32_t>() : contents.size();
    tar += tar_entry(name, contents, (oddity & 2U) != 0 ? input.integer<char>() : '0', size);
    if ((oddity & 4U) == 0) manifest += sha256_line((oddity & 8U) != 0 ? input.text() : contents, name);
  }
  tar += tar_entry("MANIFEST", manifest, '0', manifest.size());
  const auto seal = sha256_line(manifest, "MANIFEST");
  return tar + tar_entry("MANIFEST.sha256", seal, '0', seal.size()) + std::string(2 * block, '\0');
}

std::size_t entries_of(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale::fuzz;
  static const virtscale::TemporaryDirectory directory(virtscale::TemporaryDirectory::On::memory);
  static const bool is_set = ::setenv("TMPDIR", directory.path().c_str(), 1) == 0;
  check(is_set, "temporary files go to a directory of their own");
  Input input(data, size);
  const bool is_made = (input.integer<std::uint8_t>() & 1U) != 0;
  const auto file = directory.path() / "a.capsule";
  put_file(file, is_made ? forged(input) : std::string(input.rest()));
  try {
    const auto unpacked = virtscale::replay::unpack_capsule(file);
    check(entries_of(directory.path()) == 2, "everything is in the capsule's own directory");
  } catch (const virtscale::replay::CapsuleError& error) {
    check(error.what()[0] != '\0', "an error says what is wrong");
  }
  check(entries_of(directory.path()) == 1, "nothing is left behind");
  return 0;
}
