#include "topology/adapters/haproxy/runtime_api.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <chrono>
#include <deque>
#include <stdexcept>
#include <thread>
#include <utility>

namespace virtscale::haproxy {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Stream = asio::generic::stream_protocol;

std::chrono::microseconds chrono_of(Duration duration) {
  return std::chrono::microseconds(duration.us);
}

[[noreturn]] void refuse_endpoint(const std::string& endpoint) {
  throw std::invalid_argument("haproxy endpoint \"" + endpoint +
                              "\": expected the path of a Unix socket, or address:port with an IP address");
}

asio::ip::tcp::endpoint parse_address(const std::string& endpoint) {
  const auto colon = endpoint.rfind(':');
  if (colon == std::string::npos) refuse_endpoint(endpoint);
  auto host = endpoint.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const auto* end = endpoint.data() + endpoint.size();
  const auto parsed = std::from_chars(endpoint.data() + colon + 1, end, port);
  error_code bad;
  const auto address = asio::ip::make_address(host, bad);
  if (bad || parsed.ec != std::errc() || parsed.ptr != end || port == 0) refuse_endpoint(endpoint);
  return {address, port};
}

Stream::endpoint parse_endpoint(const std::string& endpoint) {
  if (endpoint.find('/') == std::string::npos) return parse_address(endpoint);
  // The bound of sockaddr_un, with its closing zero.
  if (endpoint.size() > 107)
    throw std::invalid_argument("haproxy endpoint \"" + endpoint + "\" is longer than 107 bytes");
  return asio::local::stream_protocol::endpoint(endpoint);
}

/// One connection: write the line, read to the end.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(asio::io_context& io, std::string line, RuntimeApi::Replied done)
      : socket_(io), timer_(io), line_(std::move(line) + "\n"), done_(std::move(done)) {}

  void start(const Stream::endpoint& endpoint, Duration timeout) {
    timer_.expires_after(chrono_of(timeout));
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->end("no whole reply in time");
    });
    socket_.async_connect(endpoint, [self = shared_from_this()](error_code error) {
      if (error) return self->end("cannot connect: " + error.message());
      self->write();
    });
  }

 private:
  void write() {
    asio::async_write(socket_, asio::buffer(line_), [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->end("cannot write: " + error.message());
      self->read();
    });
  }

  void read() {
    asio::async_read(socket_, asio::dynamic_buffer(reply_, reply_bytes_max),
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (error == asio::error::eof) return self->end({});
                       self->end(error ? "cannot read: " + error.message() : "the reply is longer than 1 MiB");
                     });
  }

  void end(const std::string& trouble) {
    if (!done_) return;
    const auto done = std::exchange(done_, nullptr);
    error_code ignored;
    timer_.cancel(ignored);
    socket_.close(ignored);
    if (trouble.empty()) return done(reply_, nullptr);
    const Failure failure{trouble, true};
    done({}, &failure);
  }

  Stream::socket socket_;
  asio::steady_timer timer_;
  std::string line_;
  std::string reply_;
  RuntimeApi::Replied done_;
};

}  // namespace

class RuntimeApi::Loop {
 public:
  Loop(const std::string& endpoint, Duration timeout)
      : name_(endpoint), endpoint_(parse_endpoint(endpoint)), timeout_(timeout), thread_([this] { io_.run(); }) {}

  ~Loop() {
    io_.stop();
    thread_.join();
  }

  asio::io_context& io() { return io_; }

  void send(std::string line, Replied done) {
    waiting_.push_back({std::move(line), std::move(done)});
    start_waiting();
  }

 private:
  struct Waiting {
    std::string line;
    Replied done;
  };

  void start_waiting() {
    while (!waiting_.empty() && open_ < connections_max) {
      auto next = std::move(waiting_.front());
      waiting_.pop_front();
      ++open_;
      auto done = [this, done = std::move(next.done)](const std::string& reply, const Failure* failure) {
        --open_;
        finish(done, reply, failure);
        start_waiting();
      };
      std::make_shared<Exchange>(io_, std::move(next.line), std::move(done))->start(endpoint_, timeout_);
    }
  }

  void finish(const Replied& done, const std::string& reply, const Failure* failure) const {
    if (failure == nullptr) return done(reply, nullptr);
    const Failure named{"haproxy at " + name_ + ": " + failure->reason +
                            "; check that it runs and that its `stats socket` is this one, with `level admin`",
                        failure->temporary};
    done({}, &named);
  }

  std::string name_;
  Stream::endpoint endpoint_;
  Duration timeout_;
  std::deque<Waiting> waiting_;
  std::size_t open_ = 0;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::thread thread_;
};

RuntimeApi::RuntimeApi(const std::string& endpoint, Duration timeout)
    : loop_(std::make_unique<Loop>(endpoint, timeout)) {}

RuntimeApi::~RuntimeApi() = default;

void RuntimeApi::post(std::function<void()> run) {
  asio::post(loop_->io(), std::move(run));
}

void RuntimeApi::after(Duration delay, std::function<void()> run) {
  auto timer = std::make_shared<asio::steady_timer>(loop_->io(), chrono_of(delay));
  timer->async_wait([timer, run = std::move(run)](error_code cancelled) {
    if (!cancelled) run();
  });
}

void RuntimeApi::send(std::string line, Replied done) {
  post([this, line = std::move(line), done = std::move(done)]() mutable {
    loop_->send(std::move(line), std::move(done));
  });
}

}  // namespace virtscale::haproxy
