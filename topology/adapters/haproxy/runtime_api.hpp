// One command line to HAProxy, and its reply; and the thread that the adapter runs on.
//
// The one thing to know: HAProxy answers one line for each connection and closes it, so a reply ends where the stream
// ends.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "topology/ports/effects.hpp"

namespace virtscale::haproxy {

/// HAProxy's `show stat` has about 300 bytes for each server: room for more than 3,000.
inline constexpr std::size_t reply_bytes_max = 1 << 20;
/// HAProxy takes 10 at a time by default (`stats maxconn`); some are left to people.
inline constexpr std::size_t connections_max = 4;

/// Any thread may call. Everything handed over runs on one thread, until the destruction, which drops the rest.
class RuntimeApi {
 public:
  /// Throws std::invalid_argument if `endpoint` is neither a path nor `address:port`.
  RuntimeApi(const std::string& endpoint, Duration timeout);
  ~RuntimeApi();

  void post(std::function<void()> run);
  void after(Duration delay, std::function<void()> run);

  /// `reply` is whole if `failure` is null.
  using Replied = std::function<void(const std::string& reply, const Failure* failure)>;
  /// Sends `line`, which has no newline: commands, joined by `;`.
  void send(std::string line, Replied done);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace virtscale::haproxy
