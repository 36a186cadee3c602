#include <sodium.h>

#include <algorithm>
#include <array>

#include "topology/adapters/sodium/file.hpp"
#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_name_bytes_max = 64;
// The form of Go's golang.org/x/mod/sumdb/note, so that its tools can sign with our keys.
constexpr std::string_view secret_prefix = "PRIVATE+KEY+";
// `+`, eight digits of the key id, `+`: what stands between the name and the key, which may itself hold a `+`.
constexpr std::size_t key_id_part = 10;

void start_sodium() {
  if (sodium_init() < 0) throw KeyError("libsodium finds no source of randomness on this machine");
}

fs::path secret_path(const fs::path& directory, const std::string& name) {
  return directory / (name + ".secret");
}
fs::path public_path(const fs::path& directory, const std::string& name) {
  return directory / (name + ".public");
}

void require_file_name(const std::string& name) {
  const bool fits = name.size() <= file_name_bytes_max && is_key_name(name);
  if (fits && name.front() != '.' && name.find('/') == name.npos) return;
  throw KeyError("the key name \"" + name.substr(0, file_name_bytes_max) +
                 "\" is not 1 to 64 letters, digits, `.`, `_` or `-`: choose one such as policy-gate-2026-q1");
}

unsigned char* raw(std::byte* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

/// An Ed25519 key pair that wipes itself.
struct KeyPair {
  std::array<std::byte, crypto_sign_SECRETKEYBYTES> secret{};
  VerifierKey verifier;

  KeyPair() = default;
  KeyPair(const KeyPair&) = delete;
  KeyPair& operator=(const KeyPair&) = delete;
  ~KeyPair() { sodium_memzero(secret.data(), secret.size()); }

  void grow_from(const unsigned char* seed) {
    crypto_sign_seed_keypair(raw(verifier.key.data()), raw(secret.data()), seed);
  }
};

std::string to_secret_text(const KeyPair& pair) {
  std::array<std::byte, 33> typed{ed25519_type};
  crypto_sign_ed25519_sk_to_seed(raw(typed.data() + 1), raw(pair.secret.data()));
  const auto vkey = to_vkey(pair.verifier);
  auto text = std::string(secret_prefix) + vkey.substr(0, pair.verifier.name.size() + key_id_part) + base64(typed);
  sodium_memzero(typed.data(), typed.size());
  return text;
}

void read_secret(const fs::path& path, const std::string& name, KeyPair& pair) {
  auto text = read_key_file(path, Secrecy::secret);
  const auto key_at = secret_prefix.size() + name.size() + key_id_part;
  auto typed = from_base64(std::string_view(text).substr(std::min(key_at, text.size())));
  const bool shaped = text.starts_with(std::string(secret_prefix) + name + "+") && typed && typed->size() == 33 &&
                      typed->front() == ed25519_type;
  if (shaped) {
    pair.verifier.name = name;
    pair.grow_from(raw(typed->data() + 1));
  }
  const bool same = shaped && to_secret_text(pair) == text;
  sodium_memzero(text.data(), text.size());
  if (typed) sodium_memzero(typed->data(), typed->size());
  if (!same)
    throw KeyError(path.string() + ": this is not the secret key of \"" + name + "\": restore it, or use another");
}

class KeyfileSigner final : public Signer {
 public:
  KeyfileSigner(const fs::path& directory, const std::string& name) {
    read_secret(secret_path(directory, name), name, pair_);
  }
  const VerifierKey& verifier() const { return pair_.verifier; }
  std::string key_name() const override { return pair_.verifier.name; }

  std::string sign_note(std::string_view text) const override {
    std::array<std::byte, crypto_sign_BYTES> signature;
    crypto_sign_detached(raw(signature.data()), nullptr, reinterpret_cast<const unsigned char*>(text.data()),
                         text.size(), raw(pair_.secret.data()));
    return std::string(text) + "\n" + signature_line(pair_.verifier, signature);
  }

 private:
  KeyPair pair_;
};

VerifierKey read_public(const fs::path& path) {
  const auto key = parse_vkey(read_key_file(path, Secrecy::published));
  if (!key || key->name != path.stem())
    throw KeyError(path.string() + ": this is not the vkey of \"" + path.stem().string() + "\": restore it");
  return *key;
}

bool holds(const NoteSignature& signature, const VerifierKey& key, std::string_view text) {
  return signature.signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(raw(signature.signature.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                                     raw(key.key.data())) == 0;
}

std::string names_of(const SignedNote& note) {
  std::string names;
  for (const auto& signature : note.signatures) names += (names.empty() ? "" : ", ") + signature.name;
  return names;
}

}  // namespace

VerifierKey generate_key(const fs::path& directory, const std::string& name) {
  require_file_name(name);
  start_sodium();
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw KeyError(directory.string() + ": cannot be made: " + error.message());
  if (fs::exists(public_path(directory, name)))
    throw KeyError(public_path(directory, name).string() + ": there is such a key already: choose another name");
  KeyPair pair;
  pair.verifier.name = name;
  crypto_sign_keypair(raw(pair.verifier.key.data()), raw(pair.secret.data()));
  auto text = to_secret_text(pair);
  write_key_file(secret_path(directory, name), text, Secrecy::secret);
  sodium_memzero(text.data(), text.size());
  write_key_file(public_path(directory, name), to_vkey(pair.verifier), Secrecy::published);
  return pair.verifier;
}

std::unique_ptr<Signer> make_keyfile_signer(const fs::path& directory, const std::string& name) {
  require_file_name(name);
  start_sodium();
  auto signer = std::make_unique<KeyfileSigner>(directory, name);
  // A public key that does not belong to the secret one would make every checkpoint worthless, and nobody would notice.
  const auto path = public_path(directory, name);
  if (read_public(path) != signer->verifier())
    throw KeyError(path.string() + ": this is not the public key of the secret key beside it: restore it");
  return signer;
}

std::vector<VerifierKey> public_keys(const fs::path& directory) {
  std::vector<VerifierKey> keys;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".public") keys.push_back(read_public(entry.path()));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw KeyError(directory.string() + ": cannot be read: " + error.message());
  std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return keys;
}

NoteVerdict check_note(std::string_view note, std::span<const VerifierKey> keys) {
  start_sodium();
  const auto parsed = parse_note(note);
  if (!parsed) return {{}, {}, "this is not a signed note (C2SP signed-note)"};
  NoteVerdict verdict{parsed->text, {}, {}};
  for (const auto& signature : parsed->signatures) {
    const auto is_its = [&](const VerifierKey& key) {
      return key.name == signature.name && key_id(key) == signature.key_id;
    };
    const auto key = std::find_if(keys.begin(), keys.end(), is_its);
    if (key == keys.end()) continue;
    if (!holds(signature, *key, parsed->text))
      return {{}, {}, "the signature of the key " + key->name + " does not hold"};
    verdict.signers.push_back(*key);
  }
  if (verdict.signers.empty()) verdict.fault = "it is signed by " + names_of(*parsed) + ", which is no known key";
  return verdict;
}

}  // namespace virtscale
