// HAProxy as a load balancer, by its runtime API: servers are added and drained while it runs.
//
// The one thing to know: what is done next is decided from what HAProxy shows (`show stat`), never from what was sent
// before, so that an operation may be repeated, or taken up by another process, at any point.
//
// Needs a socket with `level admin`, and a backend with a dynamic balance (roundrobin, leastconn, random, or a
// consistent hash). Health is checked as the backend says (`option httpchk`, else by connecting): the path of an order
// is not used.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "topology/ports/effects.hpp"

namespace virtscale {

struct HaproxySettings {
  /// A path of a Unix socket if it contains a '/', else `address:port` with an IP address (IPv6 in brackets).
  std::string endpoint;
  Duration timeout = seconds(2);                ///< of one command: connect, write and read
  Duration look_every = milliseconds(20);       ///< at a backend in which something is under way
  Duration check_interval = milliseconds(200);  ///< `inter` of a new server
  std::uint32_t connections_max = 0;            ///< `maxconn` of a new server; 0: none
  Duration add_deadline = seconds(5);           ///< until a new server's first check has passed
  Duration drain_deadline = seconds(30);        ///< until the last connection of a server has ended
  Duration watch_every = seconds(1);
};

/// What one look at the whole of HAProxy saw.
struct HaproxySight {
  enum class Continuity { same, restarted };
  using Names = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;  ///< by backend
  Duration at;                               ///< since the watch began; never jumps
  Continuity continuity = Continuity::same;  ///< since the look before
  Names servers{};                           ///< all
  Names resting{};                           ///< of them, those that drain or are in maintenance
};

/// Any thread may call. Callbacks run on one thread of its own and must not block. Its destruction drops what is under
/// way, without a callback.
class Haproxy : public LoadBalancer {
 public:
  /// Requests that wait in the backend for a free server (`qcur`).
  using Depth = std::function<void(std::int64_t waiting, const Failure* failure)>;
  virtual void queue_depth(const std::string& backend, Depth done) = 0;

  /// Looks each `watch_every`, from now on. A HAProxy that cannot be reached shows nothing; a restart is told at the
  /// first look that succeeds after it. REQUIRES: called once.
  virtual void watch(std::function<void(const HaproxySight&)> seen) = 0;
};

/// Connects at the first command. Throws std::invalid_argument if the endpoint cannot be one.
std::unique_ptr<Haproxy> make_haproxy(HaproxySettings settings);

}  // namespace virtscale
