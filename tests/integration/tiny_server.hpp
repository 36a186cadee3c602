// A tiny real HTTP server for tests: any number of ports, each answers every request with its own name.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace virtscale::test {

/// One port of 127.0.0.1, served with keep-alive by one thread from its making until its destruction.
class TinyServer {
 public:
  /// `delay`: between a request and its answer, on each connection by itself; not for `/healthz`.
  explicit TinyServer(std::string name, std::chrono::milliseconds delay = std::chrono::milliseconds(0));
  ~TinyServer();
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;

  std::uint16_t port() const { return port_; }
  /// The status of every answer from now on; 200 at first.
  void answer_with(int status) { status_ = status; }
  /// Whether requests wait for their answers from now on, but for `/healthz`, until it is told false.
  void hold(bool holding) { holding_ = holding; }
  /// Requests that wait for their answers now.
  std::size_t waiting() const { return waiting_; }
  /// Requests answered so far, without those for `/healthz`.
  std::uint64_t requests() const { return requests_; }
  /// Open connections.
  std::size_t connections() const { return connections_; }

 private:
  struct Connection;
  void serve();
  bool is_due(const Connection& connection) const;
  void answer(Connection& connection);

  std::string name_;
  std::chrono::milliseconds delay_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> status_{200};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::size_t> connections_{0};
  std::atomic<bool> holding_{false};
  std::atomic<std::size_t> waiting_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace virtscale::test
