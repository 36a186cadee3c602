// HTTP as the edges see it: a handler that is given whole requests, and answers now, later, or as a stream.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace virtscale {

/// A request that was read whole, within the server's bounds. Header names are lower case.
struct HttpRequest {
  std::string method;
  std::string path;                          ///< decoded segments, joined by '/', without the query
  std::map<std::string, std::string> query;  ///< decoded
  std::map<std::string, std::string> headers;
  std::string body;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// Answers one request. Exactly one of `respond` and `open_stream` is called, once, from any thread. Dropping the last
/// reference without an answer answers 500.
class HttpResponder {
 public:
  virtual ~HttpResponder() = default;
  virtual void respond(HttpResponse response) = 0;
  /// Begins an endless response (Server-Sent Events); `closed` is called once when the client is gone.
  virtual void open_stream(std::string_view content_type, std::function<void()> closed) = 0;
  /// Appends to the stream. A client that falls behind by more than the server's bound is cut off.
  virtual void write(std::string_view chunk) = 0;
};

/// Called on a thread of the server; must not block.
using HttpHandler = std::function<void(const HttpRequest&, std::shared_ptr<HttpResponder>)>;

/// A server that listens from its making until its destruction.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  /// The port that it listens on; the one chosen by the system if 0 was asked for.
  virtual std::uint16_t port() const = 0;
};

}  // namespace virtscale
