#include "tests/simulation/world/signing.hpp"

#include <unistd.h>

#include <filesystem>
#include <memory>

#include "topology/adapters/sodium/file.hpp"
#include "topology/adapters/sodium/sodium.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::simulation {
namespace {

namespace fs = std::filesystem;

// Signs nothing but what a simulation has made up.
constexpr std::string_view secret = "PRIVATE+KEY+simulation-gate+bbd35e70+AdOwcc4z38LmykbL9xhWUaugb1tdKLXM0l66CKgWCHEK";
constexpr std::string_view vkey = "simulation-gate+bbd35e70+ARte+0omvwx/X05GnTfq/gMDbW74uNTVWgodeuP75qCP";

// The adapter reads keys from files alone.
std::unique_ptr<Signer> signer_from_file() {
  const TemporaryDirectory folder(TemporaryDirectory::On::memory);
  write_key_file(folder.path() / "simulation-gate.secret", secret, Secrecy::secret);
  write_key_file(folder.path() / "simulation-gate.public", vkey, Secrecy::published);
  return make_keyfile_signer(folder.path(), "simulation-gate");
}

}  // namespace

const Signer& simulation_signer() {
  static const auto signer = signer_from_file();
  return *signer;
}

const std::vector<VerifierKey>& simulation_keys() {
  static const std::vector<VerifierKey> keys{parse_vkey(vkey).value()};
  return keys;
}

}  // namespace virtscale::simulation
