// The outside world as the settings name it: which drivers run domains, balance load, send mail and sign.
#pragma once

#include <filesystem>
#include <memory>

#include "compose/settings/settings.hpp"
#include "compose/up/stages.hpp"
#include "topology/adapters/haproxy/haproxy.hpp"

namespace virtscale {

class World {
 public:
  /// Domains live under `data`; a signing key is made there if the settings name one that does not exist yet.
  /// Throws std::exception with the setting that is wrong and what to do.
  World(const Settings& settings, const std::filesystem::path& data, const Clock& clock);
  ~World();

  Drivers drivers() { return {*domains_, *probe_, *balancer_, *mail_, *signer_}; }
  Domains& domains() { return *domains_; }
  /// Null without a load balancer.
  Haproxy* haproxy() { return haproxy_; }
  const std::filesystem::path& keys_directory() const { return keys_; }

 private:
  std::filesystem::path keys_;
  std::unique_ptr<Domains> domains_;
  std::unique_ptr<Probe> probe_;
  std::unique_ptr<LoadBalancer> balancer_;
  Haproxy* haproxy_ = nullptr;
  std::unique_ptr<Mail> mail_;
  std::unique_ptr<Signer> signer_;
};

}  // namespace virtscale
