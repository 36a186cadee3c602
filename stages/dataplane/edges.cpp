#include "stages/dataplane/edges.hpp"

#include <chrono>
#include <mutex>
#include <utility>

namespace virtscale::dataplane {
namespace {

using Time = std::chrono::steady_clock::time_point;
using Continuity = HaproxySight::Continuity;

/// Whether the balancer should have it. What is being added, or leaves, is in other hands.
bool should_be_there(const schema::DomainBackendT& row) {
  return row.phase == schema::BackendPhase::serving && !row.backend.empty() && !row.adding;
}

bool has(const HaproxySight& sight, const schema::DomainBackendT& row) {
  const auto pool = sight.servers.find(row.backend);
  return pool != sight.servers.end() && pool->second.contains(row.domain);
}

class Comparison : public std::enable_shared_from_this<Comparison> {
 public:
  Comparison(StateReader read, EdgeLog& log) : read_(std::move(read)), log_(log) {}

  void saw(const HaproxySight& sight) {
    {
      const std::lock_guard lock(mutex_);
      missing_before_ = std::exchange(missing_, {});
    }
    read_([self = shared_from_this(), sight](const State& state) {
      const std::lock_guard lock(self->mutex_);
      self->compare(sight, state);
    });
  }

 private:
  void compare(const HaproxySight& sight, const State& state) {
    std::set<std::string, std::less<>> lacking;
    state.backends.each("", [&](std::string_view key, const schema::DomainBackendT& row) {
      if (is_lost(sight, key, row)) lacking.insert(key_of(key.substr(0, key.find('/')), row.service));
      return true;
    });
    const auto now = std::chrono::steady_clock::now();
    for (const auto& service : lacking) announce(service, now, sight.continuity);
  }

  bool is_lost(const HaproxySight& sight, std::string_view key, const schema::DomainBackendT& row) {
    if (!should_be_there(row) || has(sight, row)) return false;
    missing_.emplace(key);
    return sight.continuity == Continuity::restarted || missing_before_.contains(key);
  }

  void announce(const std::string& service_key, Time now, Continuity continuity) {
    auto& next = next_announcement_[service_key];
    if (now < next && continuity == Continuity::same) return;
    next = now + std::chrono::microseconds(announcement_pause.us);
    const auto slash = service_key.find('/');
    schema::LoadBalancerRestartedT body;
    body.service = service_key.substr(slash + 1);
    // An append that fails is made good by the next look.
    log_.append(log_.next_id(), Topic::placements, service_key, encode(body, service_key.substr(0, slash)),
                [](const std::string*) {});
  }

  StateReader read_;
  EdgeLog& log_;
  std::mutex mutex_;                                   // states of several partitions have several threads
  std::set<std::string, std::less<>> missing_;         // keys of rows at this look
  std::set<std::string, std::less<>> missing_before_;  // and at the look before
  std::map<std::string, Time> next_announcement_;      // by org/service
};

}  // namespace

void watch_balancer(Haproxy& haproxy, StateReader read, EdgeLog& log) {
  const auto comparison = std::make_shared<Comparison>(std::move(read), log);
  haproxy.watch([comparison](const HaproxySight& sight) { comparison->saw(sight); });
}

}  // namespace virtscale::dataplane
