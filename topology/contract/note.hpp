// The text formats of transparency logs: C2SP signed-note, its verifier keys, and tlog-checkpoint.
//
// The one thing to know: this is text only. Who signs and who checks signatures is behind ports/signer.hpp and the
// adapter `sodium`; the fold of audit needs no more than the text that is to be signed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/event.hpp"
#include "topology/contract/merkle.hpp"

namespace virtscale {

/// Standard base64 with padding (RFC 4648, 4).
std::string base64(Bytes bytes);
/// The reverse; nothing unless `text` is exactly what `base64` writes.
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

/// 32 bytes in base64 as a digest; nothing if it is anything else.
std::optional<Digest> digest_from_base64(std::string_view text);

// --- Verifier keys (C2SP signed-note) ------------------------------------------------------------------------------

/// The signature type of Ed25519 over the text of a note, as C2SP numbers it.
inline constexpr std::byte ed25519_type{0x01};

/// A public key of a named signer.
struct VerifierKey {
  std::string name;  ///< not empty, without spaces and `+`
  std::array<std::byte, 32> key{};
  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;
};

/// Whether `name` may name a key: 1 to 128 bytes, of ASCII letters, digits and `._-/`, so that it can also be an
/// origin.
bool is_key_name(std::string_view name);
/// The first four bytes, big-endian, of SHA-256(name || 0x0A || type || key).
std::uint32_t key_id(const VerifierKey& key);
/// `<name>+<key id, 8 hexadecimal digits>+<base64(type || key)>`.
std::string to_vkey(const VerifierKey& key);
/// The reverse; nothing if `text` is not the vkey of an Ed25519 key, or if its key id is not that of its key.
std::optional<VerifierKey> parse_vkey(std::string_view text);

// --- Signed notes (C2SP signed-note) -------------------------------------------------------------------------------

/// One signature line of a note.
struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::vector<std::byte> signature;  ///< without the key id
};

/// A note, taken apart; nothing of it is verified.
struct SignedNote {
  std::string text;  ///< what is signed: ends in a newline
  std::vector<NoteSignature> signatures;
};

/// C2SP asks for at least 16; more than this is refused.
inline constexpr std::size_t note_signatures_max = 64;
/// Far above a checkpoint with `note_signatures_max` signatures.
inline constexpr std::size_t note_bytes_max = 64 * 1024;

/// The line `— <name> <base64(key id || signature)>` with its newline.
std::string signature_line(const VerifierKey& key, Bytes signature);
/// The note's parts; nothing if `note` is malformed.
std::optional<SignedNote> parse_note(std::string_view note);

// --- Checkpoints (C2SP tlog-checkpoint) ----------------------------------------------------------------------------

/// What a checkpoint says.
struct Checkpoint {
  std::string origin;  ///< such as `virtscale/ledger/acme-tickets`
  TreeHead tree;
};

/// The three lines that are signed.
std::string checkpoint_text(const Checkpoint& checkpoint);
/// The reverse, for the text of a note; further lines are ignored, as C2SP asks. Nothing if it is malformed.
std::optional<Checkpoint> parse_checkpoint(std::string_view text);

}  // namespace virtscale
