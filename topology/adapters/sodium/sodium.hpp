// Ed25519 with libsodium: the signer `keyfile`, its key files, and the check of signed notes.
//
// The one thing to know: a key `NAME` is two files in the directory of keys, `NAME.secret` (mode 0600, refused if
// wider) and `NAME.public` (its vkey). Which key signs is a setting; public keys of earlier keys stay where they are,
// since what they signed is kept for ever.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/note.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale {

/// A key cannot be made, read or used; the message names the file and what to do, and holds nothing secret.
class KeyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Makes the key `name`: 1 to 64 of `A-Z a-z 0-9 . _ -`, not beginning with `.`. Makes the directory if there is none.
/// Never replaces a key. Throws KeyError.
VerifierKey generate_key(const std::filesystem::path& directory, const std::string& name);

/// The signer that signs with the key `name`. Throws KeyError.
std::unique_ptr<Signer> make_keyfile_signer(const std::filesystem::path& directory, const std::string& name);

/// Every public key in the directory, ascending by name; none if there is no directory. Throws KeyError for a file that
/// is not a vkey.
std::vector<VerifierKey> public_keys(const std::filesystem::path& directory);

/// What the check of a note found. Sound if `fault` is empty.
struct NoteVerdict {
  std::string text;                  ///< what was signed
  std::vector<VerifierKey> signers;  ///< whose signatures hold; at least one if sound
  std::string fault;                 ///< for people: why the note is not accepted
};

/// Checks a note as C2SP signed-note asks: unknown keys are ignored, a signature of a known key must hold, and there
/// must be one. Any thread.
NoteVerdict check_note(std::string_view note, std::span<const VerifierKey> keys);

}  // namespace virtscale
