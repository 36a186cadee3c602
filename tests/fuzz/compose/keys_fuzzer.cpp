// Key files, S3's credentials file and bearer tokens. Input: a byte for which, then the bytes of the file.
// Properties: only the errors that are promised; nothing of what stands in a secret file stands in an error; a key that
// is read signs what its public half accepts; only the token itself opens.
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "compose/settings/tokens.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/put_file.hpp"
#include "topology/adapters/s3/credentials.hpp"
#include "topology/adapters/sodium/sodium.hpp"
#include "topology/host/temporary_directory.hpp"
#include "topology/ports/archive.hpp"

namespace virtscale::fuzz {
namespace {

// Shorter stretches of a file stand in messages by chance, and neither names nor words with blanks are secrets.
constexpr std::size_t secret_bytes_min = 12;
constexpr std::string_view names = "only aws_access_key_id and aws_secret_access_key are understood";

void check_silence(std::string_view message, std::string_view secret) {
  message.remove_prefix(std::min(message.find(": "), message.size()));  // the file's path
  for (std::size_t i = 0; i + secret_bytes_min <= secret.size(); i += secret_bytes_min) {
    const auto part = secret.substr(i, secret_bytes_min);
    if (names.find(part) != std::string_view::npos || part.find(' ') != part.npos) continue;
    check(message.find(part) == std::string_view::npos, "an error tells nothing of a secret", message);
  }
}

void read_key(const std::filesystem::path& directory, std::string_view secret, std::string_view vkey) {
  put_file(directory / "a-key.secret", secret);
  put_file(directory / "a-key.public", vkey);
  ::chmod((directory / "a-key.secret").c_str(), 0600);
  try {
    const auto signer = make_keyfile_signer(directory, "a-key");
    const auto keys = public_keys(directory);
    const auto verdict = check_note(signer->sign_note("a text\n"), keys);
    check(verdict.fault.empty(), "what a key signs, its public half accepts", verdict.fault);
  } catch (const KeyError& error) {
    check_silence(error.what(), secret);
  }
}

void read_s3(const std::filesystem::path& directory, std::string_view text) {
  put_file(directory / "credentials", text);
  ::chmod((directory / "credentials").c_str(), 0600);
  try {
    const auto credentials = s3::read_credentials(directory / "credentials");
    check(!credentials.key_id.empty() && !credentials.secret.empty(), "credentials that were read are whole");
  } catch (const ArchiveError& error) {
    check_silence(error.what(), text);
  }
}

void open_door(std::string_view token, std::string_view other) {
  const auto authorizer = make_authorizer({{"acme", hash_of_token(token)}});
  check(authorizer->check(token, "acme") == Access::org, "a token opens its org");
  check(authorizer->check(token, "shop") == Access::none, "a token opens no other org");
  check((authorizer->check(other, "acme") == Access::org) == (token == other), "only the token opens");
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale::fuzz;
  static const virtscale::TemporaryDirectory directory(virtscale::TemporaryDirectory::On::memory);
  Input input(data, size);
  const auto which = input.integer<std::uint8_t>() % 3;
  const auto first = input.text();
  if (which == 0) read_key(directory.path(), first, input.rest());
  if (which == 1) read_s3(directory.path(), first);
  if (which == 2) open_door(first, input.rest());
  return 0;
}
