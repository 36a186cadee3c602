// The pools of the load balancer: which servers are in which backend.
//
// The one thing to know: like the real driver, whoever adds or drains looks again and again, and decides from what is
// there; so two who want the opposite of each other come to no end before their deadlines.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "tests/simulation/engine/faults.hpp"
#include "tests/simulation/engine/virtual_time.hpp"
#include "tests/simulation/world/fleet.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::simulation {

/// A server in a pool.
struct Server {
  enum class Phase : std::uint8_t { checking, up, draining };
  DomainAddress address;
  Phase phase = Phase::checking;
  Instant idle_at;  ///< while it drains: when its last connection ends
};

class Pools {
 public:
  using Pool = std::map<std::string, Server, std::less<>>;  ///< by name of the server
  using Noticed = std::function<void(const std::string& backend, const std::string& server)>;
  /// As in topology/adapters/haproxy: the settings' defaults.
  static constexpr Duration timeout = seconds(2);
  static constexpr Duration add_deadline = seconds(5);
  static constexpr Duration drain_deadline = seconds(30);
  static constexpr Duration look_every = milliseconds(200);

  Pools(VirtualTime& time, Faults& faults, Story& story, const Fleet& fleet, std::uint64_t seed)
      : time_(time), faults_(faults), story_(story), fleet_(fleet), pace_(seed, "pools") {}

  void add(const BackendOrder& order, LoadBalancer::Changed done);
  void drain(const std::string& backend, const std::string& server, LoadBalancer::Changed done);

  /// It comes up again, empty.
  void restart();
  /// It answers nobody until then.
  void down_until(Instant until) { down_until_ = until; }
  /// Somebody else takes this server out; `nth` of all of them, counted around.
  void take_out(std::uint64_t nth);

  bool answers() const { return time_.now() >= down_until_; }
  /// Counts restarts.
  std::uint64_t lives() const { return lives_; }
  const std::map<std::string, Pool, std::less<>>& pools() const { return pools_; }

  /// Somebody means to drain this server, whether or not it gets here.
  void note_drain_asked(const std::string& server) { drains_asked_.insert(server); }
  const std::set<std::string>& drains_asked() const { return drains_asked_; }

  /// Told of each server that comes into a pool.
  Noticed on_add;

 private:
  void look_in(const BackendOrder& order, Instant deadline, const LoadBalancer::Changed& done);
  void look_out(const std::string& backend, const std::string& server, Instant deadline,
                const LoadBalancer::Changed& done);
  void fail(Duration after, const std::string& reason, const LoadBalancer::Changed& done);
  void begin_drain(const std::string& server, Server& row);
  std::uint32_t up_in(const std::string& backend) const;

  VirtualTime& time_;
  Faults& faults_;
  Story& story_;
  const Fleet& fleet_;
  Dice pace_;
  std::map<std::string, Pool, std::less<>> pools_;
  std::set<std::string> drains_asked_;
  Instant down_until_;
  std::uint64_t lives_ = 1;
};

}  // namespace virtscale::simulation
