// The outside world as the settings name it: which drivers run domains, balance load, send mail and sign.
#pragma once

#include <filesystem>
#include <memory>

#include "compose/settings/settings.hpp"
#include "topology/adapters/haproxy/haproxy.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/effects.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale {

/// Whether a signing key that does not exist yet is made. One process may; several must share one that an operator
/// made, or each would sign with a key of its own under the same name.
enum class KeyCare : std::uint8_t { make, require };

/// Each driver is made when it is asked for first: a process has only those that its stages use. Asked by one thread.
/// Each throws std::exception with the setting that is wrong and what to do.
class World {
 public:
  /// `settings` and `clock` outlive it.
  World(const Settings& settings, const std::filesystem::path& data, const Clock& clock, KeyCare care);
  ~World();

  Domains& domains();
  Probe& probe();
  LoadBalancer& balancer();
  /// The balancer if it is an HAProxy, else null.
  Haproxy* haproxy();
  Mail& mail();
  const Signer& signer();
  const std::filesystem::path& keys_directory() const { return keys_; }

 private:
  const Settings& settings_;
  const Clock& clock_;
  KeyCare care_;
  std::filesystem::path keys_;
  std::filesystem::path domains_directory_;
  std::unique_ptr<Domains> domains_;
  std::unique_ptr<Probe> probe_;
  std::unique_ptr<LoadBalancer> balancer_;
  Haproxy* haproxy_ = nullptr;
  std::unique_ptr<Mail> mail_;
  std::unique_ptr<Signer> signer_;
};

}  // namespace virtscale
