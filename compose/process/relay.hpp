// The relay: any process answers any request. What it does not serve itself it asks of the process that does.
//
// The one thing to know: who owns which partition is asked of the log's keeper, so the answer may be a second old; a
// request that meets a process that has just given its partition away is told to try again.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "topology/ports/clock.hpp"
#include "topology/ports/http.hpp"
#include "topology/ports/log.hpp"
#include "topology/ports/membership.hpp"

namespace virtscale {

/// `POST` by an operator: every process takes a snapshot of each partition that it owns.
inline constexpr std::string_view snapshots_path = "/v1/snapshots";

/// What a relay works with. All outlive it and what it has begun.
struct RelayPorts {
  Membership& membership;
  const LogLayout& layout;
  Source own;          ///< the stage that this process plays
  Executor& blocking;  ///< where others are asked: takes up to 60 s
  HttpHandler serve;   ///< what this process serves itself
};

/// Thread-safe.
class Relay : public std::enable_shared_from_this<Relay> {
 public:
  explicit Relay(RelayPorts ports) : ports_(std::move(ports)) {}
  HttpHandler handler();

 private:
  using Responder = std::shared_ptr<HttpResponder>;
  using Owners = std::vector<Owner>;

  void handle(const HttpRequest& request, Responder to);
  void forward(const HttpRequest& request, Source stage, const Responder& to);
  void ask_owner(const HttpRequest& request, const Owners& owners, std::uint32_t partition, const Responder& to);
  void ask_all(const HttpRequest& request, const Owners& owners, const Responder& to);
  Owners owners();

  RelayPorts ports_;
  std::mutex mutex_;
  Owners known_;
  std::chrono::steady_clock::time_point known_until_{};
};

}  // namespace virtscale
