// What all connections of a server share: its options, its handler, and each other.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "topology/adapters/http/server.hpp"

// Named here, included in .cpp files only.
namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace virtscale {

/// A connection, whatever its stream. Lives until its coroutine ends.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Answers 503 to what waits, and closes. Any thread.
  virtual void shut_down() = 0;
  /// From now on no handler reaches it. REQUIRES: the server's threads have ended.
  virtual void abandon() = 0;
};

/// The connections that are open. Thread-safe.
class Connections {
 public:
  /// False if `connections_max` are open.
  bool add(const Connection* key, std::weak_ptr<Connection> connection, std::size_t connections_max);
  void remove(const Connection* key);
  void shut_down_all();
  void abandon_all();
  /// Waits until none is open, within bounds.
  void await_none();

 private:
  std::vector<std::shared_ptr<Connection>> all();

  std::mutex mutex_;
  std::condition_variable empty_;
  std::map<const Connection*, std::weak_ptr<Connection>> open_;
};

struct House {
  HttpServerOptions options;
  HttpHandler handler;
  boost::asio::ssl::context* tls = nullptr;  ///< null: no TLS
  Connections connections{};
};

/// Serves a socket that was accepted, until it is closed. Takes `descriptor` over.
void serve_connection(House& house, boost::asio::io_context& context, int descriptor);

}  // namespace virtscale
