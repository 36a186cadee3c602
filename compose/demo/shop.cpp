// virtscale-demo-shop: one domain of the demo's service, an HTTP server whose load can be seen and is exact.
//
// The one thing to know: work is simulated. A request occupies one of a few workers for a fixed time, without burning
// the machine's processor, so that a dozen shops can be 72 % busy on two cores. SIGTERM stops accepting, lets every
// request that has begun end, and exits.
#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

// A request takes this long of one worker; 66 requests a second fill a worker.
constexpr Milliseconds work_per_request(15);
constexpr std::uint32_t workers_max = 64;
constexpr std::size_t queue_max = 10'000;
constexpr std::size_t body_bytes_max = 4096;
// The busy fraction is that of the last second: short, so that alerts in a demo end soon after their cause.
constexpr Milliseconds busy_window(1000);
// How long a request that has begun may take to end after SIGTERM.
constexpr Milliseconds farewell(10'000);

struct Options {
  std::string name = "shop";
  std::uint16_t port = 0;
  std::uint32_t workers = 1;
};

/// The pool of workers: who is busy, who waits, and how busy it was.
class Workers {
 public:
  Workers(asio::io_context& io, std::uint32_t count) : io_(io), count_(count) {}

  /// Calls `done` once a worker has worked for the request; false if too many wait already.
  bool work(std::function<void()> done) {
    if (waiting_.size() >= queue_max) return false;
    waiting_.push_back(std::move(done));
    begin_waiting();
    return true;
  }

  /// The share of the workers' time that the work begun within the last window takes, 0 to 1.
  double busy() {
    forget_old(SteadyClock::now());
    const auto capacity = static_cast<double>(count_) * static_cast<double>(busy_window.count());
    return std::min(1.0, static_cast<double>(begun_.size()) * static_cast<double>(work_per_request.count()) / capacity);
  }

  std::size_t waiting() const { return waiting_.size(); }
  std::uint64_t served() const { return served_; }
  std::uint32_t count() const { return count_; }
  bool idle() const { return working_ == 0 && waiting_.empty(); }

 private:
  void begin_waiting() {
    while (working_ < count_ && !waiting_.empty()) {
      auto done = std::move(waiting_.front());
      waiting_.pop_front();
      begin(std::move(done));
    }
  }

  void begin(std::function<void()> done) {
    ++working_;
    const auto now = SteadyClock::now();
    forget_old(now);
    begun_.push_back(now);
    auto timer = std::make_shared<asio::steady_timer>(io_, work_per_request);
    timer->async_wait([this, timer, done = std::move(done)](const boost::system::error_code&) {
      --working_;
      ++served_;
      done();
      begin_waiting();
    });
  }

  void forget_old(SteadyClock::time_point now) {
    while (!begun_.empty() && begun_.front() < now - busy_window) begun_.pop_front();
  }

  asio::io_context& io_;
  std::uint32_t count_;
  std::uint32_t working_ = 0;
  std::uint64_t served_ = 0;
  std::deque<std::function<void()>> waiting_;
  std::deque<SteadyClock::time_point> begun_;
};

/// Prometheus text format 0.0.4.
std::string metrics(Workers& workers) {
  char text[1024];
  const int size = std::snprintf(text, sizeof(text),
                                 "# HELP shop_busy_ratio Share of the workers' time taken in the last second.\n"
                                 "# TYPE shop_busy_ratio gauge\nshop_busy_ratio %.4f\n"
                                 "# HELP shop_waiting_requests Requests that wait for a worker.\n"
                                 "# TYPE shop_waiting_requests gauge\nshop_waiting_requests %zu\n"
                                 "# HELP shop_workers Workers of this shop.\n"
                                 "# TYPE shop_workers gauge\nshop_workers %u\n"
                                 "# HELP shop_requests_total Requests served.\n"
                                 "# TYPE shop_requests_total counter\nshop_requests_total %llu\n",
                                 workers.busy(), workers.waiting(), workers.count(),
                                 static_cast<unsigned long long>(workers.served()));
  return {text, static_cast<std::size_t>(size)};
}

/// What the connections of one shop share.
struct Shop {
  Options options;
  Workers workers;
  bool leaving = false;
  std::size_t connections_busy = 0;  // a request has been read and its response is not yet written
};

/// One client's connection: one request after the other.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shop& shop) : socket_(std::move(socket)), shop_(shop) {}

  void read() {
    parser_.emplace();
    parser_->body_limit(body_bytes_max);
    http::async_read(socket_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return;
      ++self->shop_.connections_busy;
      self->answer();
    });
  }

 private:
  void answer() {
    const auto& target = parser_->get().target();
    if (target == "/healthz") return write(http::status::ok, "text/plain", "ok\n");
    if (target == "/metrics") return write(http::status::ok, "text/plain; version=0.0.4", metrics(shop_.workers));
    if (target != "/") return write(http::status::not_found, "text/plain", "no such page\n");
    const bool taken = shop_.workers.work([self = shared_from_this()] {
      self->write(http::status::ok, "text/plain", "sold by " + self->shop_.options.name + "\n");
    });
    if (!taken) write(http::status::service_unavailable, "text/plain", "too many wait\n");
  }

  void write(http::status status, std::string_view type, std::string body) {
    response_ = {};
    response_.version(11);
    response_.result(status);
    response_.set(http::field::content_type, beast::string_view(type.data(), type.size()));
    response_.body() = std::move(body);
    response_.keep_alive(parser_->get().keep_alive() && !shop_.leaving);
    response_.prepare_payload();
    http::async_write(socket_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      --self->shop_.connections_busy;
      if (!error && self->response_.keep_alive()) return self->read();
      beast::error_code ignored;
      self->socket_.shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  tcp::socket socket_;
  Shop& shop_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

void accept_next(tcp::acceptor& acceptor, Shop& shop) {
  acceptor.async_accept([&](boost::system::error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      socket.set_option(tcp::no_delay(true), error);
      std::make_shared<Connection>(std::move(socket), shop)->read();
    }
    accept_next(acceptor, shop);
  });
}

/// Stops the loop once nothing is under way, looking each few milliseconds, or when the farewell is over.
void leave_when_idle(asio::io_context& io, asio::steady_timer& timer, Shop& shop, SteadyClock::time_point end) {
  const bool idle = shop.workers.idle() && shop.connections_busy == 0;
  if (idle || SteadyClock::now() >= end) return io.stop();
  timer.expires_after(Milliseconds(5));
  timer.async_wait(
      [&io, &timer, &shop, end](const boost::system::error_code&) { leave_when_idle(io, timer, shop, end); });
}

void run(const Options& options) {
  asio::io_context io(1);
  tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::make_address("127.0.0.1"), options.port));
  Shop shop{options, Workers(io, options.workers)};
  asio::signal_set signals(io, SIGTERM, SIGINT);
  asio::steady_timer idle_check(io);
  signals.async_wait([&](const boost::system::error_code&, int) {
    shop.leaving = true;
    acceptor.close();
    leave_when_idle(io, idle_check, shop, SteadyClock::now() + farewell);
  });
  accept_next(acceptor, shop);
  std::printf("%s: http://127.0.0.1:%u/\n", options.name.c_str(), acceptor.local_endpoint().port());
  std::fflush(stdout);
  io.run();
}

/// The number in `text` if it is within [least, most].
std::optional<std::uint32_t> number(const char* text, long least, long most) {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < least || value > most) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

std::optional<Options> parse(int count, char** words) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view option(words[i]);
    const auto port = number(words[i + 1], 0, 65535);
    const auto workers = number(words[i + 1], 1, workers_max);
    if (option == "--name") {
      options.name = words[i + 1];
    } else if (option == "--port" && port) {
      options.port = static_cast<std::uint16_t>(*port);
    } else if (option == "--workers" && workers) {
      options.workers = *workers;
    } else {
      return std::nullopt;
    }
  }
  return count % 2 == 1 ? std::optional(options) : std::nullopt;
}

}  // namespace

int main(int count, char** words) {
  const auto options = parse(count, words);
  if (!options) {
    std::fprintf(stderr, "usage: virtscale-demo-shop [--name NAME] [--port PORT] [--workers 1..%u]\n", workers_max);
    return 2;
  }
  try {
    run(*options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "virtscale-demo-shop: port %u of 127.0.0.1: %s\n", options->port, error.what());
    return 1;
  }
  return 0;
}
