// The manifest of a snapshot. Property: what is read, if it is, is what the writer writes, byte for byte.
#include "tests/fuzz/input.hpp"
#include "topology/host/snapshot/manifest.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  const auto text = fuzz::Input(data, size).rest();
  try {
    const auto manifest = read_manifest(text);
    fuzz::check(print_manifest(manifest) == text, "a manifest is written as it was read", text);
    for (const auto& file : manifest.files)
      fuzz::check(file.name.find('/') == std::string::npos && file.name != "..", "a file stays in its folder",
                  file.name);
  } catch (const SnapshotError&) {
  }
  return 0;
}
