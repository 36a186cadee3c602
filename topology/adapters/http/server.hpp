// The HTTP server on Boost.Beast: HTTP/1.1 with keep-alive, bounded in every direction, with or without TLS.
//
// The one thing to know: requests that break a bound never reach the handler. They are answered with
// `application/problem+json` (RFC 9457), and the connection is closed: 400 malformed, 408 too slow, 413 body too large,
// 431 header too large, 503 too many connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "topology/contract/units.hpp"
#include "topology/ports/http.hpp"

namespace virtscale {

struct HttpServerOptions {
  std::string address = "127.0.0.1";  ///< an IP address
  std::uint16_t port = 0;             ///< 0: chosen by the system
  std::size_t threads = 1;
  std::uint64_t body_bytes_max = 1 << 20;
  std::uint32_t header_bytes_max = 16 << 10;
  std::size_t connections_max = 1'024;
  std::size_t stream_buffer_bytes_max = 1 << 20;  ///< of a stream whose client does not keep up
  Duration read_timeout = seconds(10);            ///< from the first byte of a request to its last
  Duration idle_timeout = seconds(60);            ///< between two requests of a connection
  Duration write_timeout = seconds(10);           ///< for one response, or one piece of a stream
  Duration answer_timeout = seconds(60);          ///< for the handler; then 503
  std::string certificate_file{};                 ///< PEM, the chain; empty: no TLS
  std::string key_file{};                         ///< PEM
};

/// Listens until the server is destroyed, which answers 503 to what the handler has not answered yet, ends the streams,
/// and waits at most two seconds for clients to take their answers.
///
/// HEAD reaches the handler as GET; the body is left out. Requests of one connection are handled one after another, so
/// pipelined ones are answered in order. A responder may outlive the server; what it says then is dropped. What
/// `open_stream` calls when a client is gone runs on a thread of the server, or in `open_stream` if it is gone already.
/// REQUIRES: not destroyed by the handler. Throws std::runtime_error with the address and what to do.
std::unique_ptr<HttpServer> listen(const HttpServerOptions& options, HttpHandler handler);

}  // namespace virtscale
