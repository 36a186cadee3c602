#include "topology/adapters/http/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "topology/adapters/http/house.hpp"

namespace virtscale {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;

auto redirected(error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

std::string place_of(const HttpServerOptions& options) {
  return options.address + ":" + std::to_string(options.port);
}

std::optional<asio::ssl::context> tls_of(const HttpServerOptions& options) {
  if (options.certificate_file.empty()) return std::nullopt;
  asio::ssl::context tls(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  error_code error;
  tls.use_certificate_chain_file(options.certificate_file, error);
  if (error) {
    throw std::runtime_error("cannot read the certificate " + options.certificate_file + " (" + error.message() +
                             "): name a PEM file with the chain");
  }
  tls.use_private_key_file(options.key_file, asio::ssl::context::pem, error);
  if (error) {
    throw std::runtime_error("cannot use the key " + options.key_file + " (" + error.message() +
                             "): name the PEM file of the certificate's own key");
  }
  return tls;
}

class BeastServer final : public HttpServer {
 public:
  BeastServer(const HttpServerOptions& options, HttpHandler handler)
      : tls_(tls_of(options)),
        house_{options, std::move(handler), tls_ ? &*tls_ : nullptr},
        acceptor_(asio::make_strand(context_)),
        pause_(acceptor_.get_executor()) {
    open();
    asio::co_spawn(acceptor_.get_executor(), accept(), asio::detached);
    for (std::size_t i = 0; i < options.threads; ++i) threads_.emplace_back([this] { context_.run(); });
  }

  ~BeastServer() override {
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
    });
    house_.connections.shut_down_all();
    house_.connections.await_none();
    context_.stop();
    for (auto& thread : threads_) thread.join();
    house_.connections.abandon_all();
  }

  std::uint16_t port() const override { return port_; }

 private:
  void open() {
    error_code error;
    const auto address = asio::ip::make_address(house_.options.address, error);
    if (error) throw std::runtime_error("cannot listen on " + place_of(house_.options) + ": give an IP address");
    const tcp::endpoint endpoint(address, house_.options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (error) {
      throw std::runtime_error("cannot listen on " + place_of(house_.options) + " (" + error.message() +
                               "): stop what listens there, or choose another address in the settings");
    }
    port_ = acceptor_.local_endpoint().port();
  }

  awaitable<void> accept() {
    while (acceptor_.is_open()) {
      error_code error;
      auto socket = co_await acceptor_.async_accept(redirected(error));
      if (!error) {
        serve_connection(house_, context_, socket.release());
      } else if (acceptor_.is_open()) {
        // Such as no file descriptors left: give others the time to return theirs.
        pause_.expires_after(std::chrono::milliseconds(100));
        co_await pause_.async_wait(redirected(error));
      }
    }
  }

  std::optional<asio::ssl::context> tls_;
  House house_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<HttpServer> listen(const HttpServerOptions& options, HttpHandler handler) {
  return std::make_unique<BeastServer>(options, std::move(handler));
}

}  // namespace virtscale
