// Redaction: addresses and mail, replaced by pseudonyms wherever they stand.
//
// The one thing to know: a pseudonym is as long as what it stands for. So it is put over the bytes in place, in any
// encoding, and nothing else moves. The same text gets the same pseudonym throughout one capsule, and another in the
// next one.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "replay/capsule_file.hpp"
#include "topology/contract/note.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale::replay {

class Redaction {
 public:
  /// Draws the keys of this capsule; they are gone with the object. Throws KeyError and CapsuleError.
  Redaction();
  ~Redaction();

  /// Replaces every mail address, IPv4 and IPv6 address in these bytes: BLAKE2b under the drawn key, in letters and
  /// digits, after `mail-` or `ip-`.
  void redact(std::span<std::byte> bytes);

  /// A checkpoint of the redacted ledger, signed with a key drawn for this capsule: the real one has signed the real
  /// lines only.
  std::string sign(const Checkpoint& checkpoint) const;
  /// The name of that key, and the directory that has its public half.
  std::string key_name() const;
  const std::filesystem::path& keys() const;

  /// Texts that were replaced so far, each counted once.
  std::size_t replaced() const { return pseudonyms_.size(); }

 private:
  const std::string& pseudonym_of(const std::string& text, std::string_view prefix);

  std::array<std::byte, 32> key_{};
  std::map<std::string, std::string, std::less<>> pseudonyms_;
  std::set<std::string> taken_;
  TemporaryDirectory keys_;
  std::unique_ptr<Signer> signer_;
};

}  // namespace virtscale::replay
