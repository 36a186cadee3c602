// The signer: signs ledger checkpoints with a named Ed25519 key.
#pragma once

#include <string>
#include <string_view>

namespace virtscale {

class Signer {
 public:
  virtual ~Signer() = default;
  /// The name of the key that signs now, such as `policy-gate-2026-q1`.
  virtual std::string key_name() const = 0;
  /// The signed note (C2SP `signed-note`) over `text`, which must end in a newline. Deterministic (RFC 8032). Any
  /// thread.
  virtual std::string sign_note(std::string_view text) const = 0;
};

}  // namespace virtscale
