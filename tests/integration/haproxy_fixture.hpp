// A real HAProxy for a test: on loopback ports of its own, with one backend that has no server yet.
//
// The one thing to know: its runtime API is a Unix socket in a directory of the fixture's own, which is gone
// afterwards.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "topology/host/temporary_directory.hpp"

namespace virtscale::test {

/// Runs from its making until its destruction, but for `stop` and `start`. Throws std::runtime_error, with HAProxy's
/// own words, if it does not come up within 5 s.
class HaproxyFixture {
 public:
  struct Settings {
    std::string backend = "web";
    std::string balance = "leastconn";
    std::string check_path = "/healthz";
    std::string server_lines{};  ///< of the backend's configuration, as they are
    std::string executable = "/usr/sbin/haproxy";
  };

  HaproxyFixture() : HaproxyFixture(Settings()) {}
  explicit HaproxyFixture(Settings settings);
  ~HaproxyFixture();
  HaproxyFixture(const HaproxyFixture&) = delete;
  HaproxyFixture& operator=(const HaproxyFixture&) = delete;

  /// Of the runtime API, level admin.
  std::string socket() const { return directory_ + "/admin.sock"; }
  /// The same over TCP: `127.0.0.1:port`.
  std::string tcp_endpoint() const { return "127.0.0.1:" + std::to_string(api_port_); }
  /// Where the frontend takes requests for the backend.
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }
  /// What the runtime API answers.
  std::string command(const std::string& line) const;

  void stop();
  void start();

 private:
  void write_configuration() const;

  Settings settings_;
  TemporaryDirectory folder_;
  std::string directory_ = folder_.path().string();
  std::uint16_t port_ = 0;
  std::uint16_t api_port_ = 0;
  pid_t pid_ = -1;
};

/// A port of 127.0.0.1 on which nobody listens now.
std::uint16_t free_port();

/// The body of `GET url` by a plain connection to 127.0.0.1, or empty; with the status line as its first line.
std::string http_get(std::uint16_t port, const std::string& path);

}  // namespace virtscale::test
