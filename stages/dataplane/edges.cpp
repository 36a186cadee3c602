#include "stages/dataplane/edges.hpp"

#include <mutex>
#include <utility>

namespace virtscale::dataplane {
namespace {

using Continuity = HaproxySight::Continuity;
using Keys = std::set<std::string, std::less<>>;

/// Whether the balancer should have it. What is being added, or leaves, is in other hands.
bool should_be_there(const schema::DomainBackendT& row) {
  return row.phase == schema::BackendPhase::serving && !row.backend.empty() && !row.adding;
}

bool has(const HaproxySight::Names& servers, const std::string& backend, const std::string& domain) {
  const auto pool = servers.find(backend);
  return pool != servers.end() && pool->second.contains(domain);
}

/// An owner that was taken for dead may have left it draining.
bool takes_traffic(const HaproxySight& sight, const schema::DomainBackendT& row) {
  return has(sight.servers, row.backend, row.domain) && !has(sight.resting, row.backend, row.domain);
}

/// What differs now, and what did so at the look before: a sight may be older than the state that it is compared with.
class Differences {
 public:
  void begin_look() { before_ = std::exchange(now_, {}); }
  /// Takes note; true if it differed before.
  bool lasts(const std::string& key) { return now_.insert(key).second && before_.contains(key); }

 private:
  Keys now_;  // keys of domains
  Keys before_;
};

/// When a service may be announced again.
class Pauses {
 public:
  bool over(const std::string& service_key, Duration now) const {
    const auto next = next_.find(service_key);
    return next == next_.end() || now >= next->second;
  }
  void begin(const std::string& service_key, Duration now) { next_[service_key] = now + announcement_pause; }

 private:
  std::map<std::string, Duration> next_;  // by org/service
};

class Comparison : public std::enable_shared_from_this<Comparison> {
 public:
  Comparison(StateReader read, EdgeLog& log) : read_(std::move(read)), log_(log) {}

  void saw(const HaproxySight& sight) {
    {
      const std::lock_guard lock(mutex_);
      missing_.begin_look();
      strays_.begin_look();
    }
    read_([self = shared_from_this(), sight](const State& state) {
      const std::lock_guard lock(self->mutex_);
      self->look_for_missing(sight, state);
      self->look_for_strays(sight, state);
    });
  }

 private:
  void look_for_missing(const HaproxySight& sight, const State& state) {
    Keys lacking;
    const bool restarted = sight.continuity == Continuity::restarted;
    state.backends.each("", [&](std::string_view key, const schema::DomainBackendT& row) {
      const bool missing = should_be_there(row) && !takes_traffic(sight, row);
      if (missing && (missing_.lasts(std::string(key)) || restarted))
        lacking.insert(JoinedKey(key.substr(0, key.find('/')), row.service).str());
      return true;
    });
    for (const auto& service : lacking) {
      if (!restarted && !pauses_.over(service, sight.at)) continue;
      pauses_.begin(service, sight.at);
      schema::LoadBalancerRestartedT body;
      body.service = service.substr(service.find('/') + 1);
      announce(service, body);
    }
  }

  void look_for_strays(const HaproxySight& sight, const State& state) {
    std::map<std::string, schema::StraysFoundT> found;  // by org/service
    state.departed.each("", [&](std::string_view, const schema::DepartedDomainT& row) {
      if (row.draining || !has(sight.servers, row.backend, row.domain)) return true;
      if (!strays_.lasts(JoinedKey(row.org, row.domain).str())) return true;
      auto& strays = found[JoinedKey(row.org, row.service).str()];
      strays.service = row.service;
      strays.backend = row.backend;
      strays.domains.push_back(row.domain);
      return true;
    });
    // No pause: while it drains, its row says so.
    for (const auto& [service, strays] : found) announce(service, strays);
  }

  // An append that fails is made good by a later look.
  template <class Body>
  void announce(const std::string& service_key, const Body& body) {
    const auto org = std::string_view(service_key).substr(0, service_key.find('/'));
    log_.append(log_.next_id(), Topic::placements, service_key, encode(body, org), [](const std::string*) {});
  }

  StateReader read_;
  EdgeLog& log_;
  std::mutex mutex_;  // states of several partitions have several threads
  Differences missing_;
  Differences strays_;
  Pauses pauses_;
};

}  // namespace

void watch_balancer(Haproxy& haproxy, StateReader read, EdgeLog& log) {
  const auto comparison = std::make_shared<Comparison>(std::move(read), log);
  haproxy.watch([comparison](const HaproxySight& sight) { comparison->saw(sight); });
}

}  // namespace virtscale::dataplane
