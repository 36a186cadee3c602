#include "topology/adapters/probe/http_probe.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

namespace virtscale {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;

/// A head of a response that says whether a service is alive needs far less.
constexpr std::size_t head_bytes_max = 16 * 1024;
constexpr std::size_t path_bytes_max = 2'000;

std::chrono::microseconds chrono_of(Duration duration) {
  return std::chrono::microseconds(duration.us);
}

std::string url_of(const ProbeOrder& order) {
  const bool bracketed = order.target.address.find(':') != std::string::npos;
  const auto host = bracketed ? "[" + order.target.address + "]" : order.target.address;
  return "http://" + host + ":" + std::to_string(order.target.port) + order.path;
}

/// A path goes into a request as it is: neither spaces nor control characters.
bool is_path(std::string_view path) {
  const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
  return path.starts_with('/') && path.size() <= path_bytes_max && std::all_of(path.begin(), path.end(), visible);
}

std::string fault_of(const ProbeOrder& order) {
  error_code bad;
  asio::ip::make_address(order.target.address, bad);
  if (bad || order.target.port == 0) return "cannot probe " + url_of(order) + ": not an IP address and a port";
  if (!is_path(order.path))
    return "cannot probe " + order.target.address +
           ": `health.path` of the service must begin with '/', without spaces, in at most 2,000 bytes of ASCII";
  if (order.every.us <= 0) return "cannot probe " + url_of(order) + ": `health.every` of the service must be above 0";
  return {};
}

/// What is wrong with the head of a response; empty for 2xx.
std::string fault_of_head(std::string_view head) {
  // `HTTP/1.1 200 OK`
  if (!head.starts_with("HTTP/1.") || head.size() < 12) return "it does not speak HTTP/1.1";
  const auto status = head.substr(9, 3);
  if (status.front() == '2') return {};
  return "it answers with status " + std::string(status);
}

/// One GET. `done` is called once, with what is wrong, or with nothing.
class Get : public std::enable_shared_from_this<Get> {
 public:
  using Done = std::function<void(const std::string& fault)>;

  Get(asio::io_context& io, const ProbeOrder& order, Done done)
      : socket_(io), timer_(io), request_(request_of(order)), done_(std::move(done)) {}

  void start(const asio::ip::tcp::endpoint& endpoint, Steady::duration timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->end("no answer in time");
    });
    socket_.async_connect(endpoint, [self = shared_from_this()](error_code error) {
      if (error) return self->end(error.message());
      self->write();
    });
  }

 private:
  static std::string request_of(const ProbeOrder& order) {
    const auto host = url_of(order).substr(7, url_of(order).size() - 7 - order.path.size());
    return "GET " + order.path + " HTTP/1.1\r\nHost: " + host +
           "\r\nUser-Agent: virtscale-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n";
  }

  void write() {
    asio::async_write(socket_, asio::buffer(request_), [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->end(error.message());
      self->read();
    });
  }

  void read() {
    asio::async_read_until(socket_, asio::dynamic_buffer(head_, head_bytes_max), "\r\n\r\n",
                           [self = shared_from_this()](error_code error, std::size_t) {
                             if (error) return self->end("no whole head of a response: " + error.message());
                             self->end(fault_of_head(self->head_));
                           });
  }

  void end(const std::string& fault) {
    if (!done_) return;
    const auto done = std::exchange(done_, nullptr);
    error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
    done(fault);
  }

  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  std::string request_;
  std::string head_;
  Done done_;
};

/// A probe from its first GET to its end.
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(asio::io_context& io, ProbeOrder order, Probe::Probed done, const HttpProbeSettings& settings,
        std::uint32_t& open)
      : io_(io),
        timer_(io),
        order_(std::move(order)),
        done_(std::move(done)),
        settings_(settings),
        open_(open),
        endpoint_(asio::ip::make_address(order_.target.address), order_.target.port),
        deadline_(Steady::now() + chrono_of(order_.deadline)) {}

  void turn() {
    const auto now = Steady::now();
    if (now >= deadline_) return give_up();
    next_turn_ = now + chrono_of(order_.every);
    if (open_ >= settings_.open_max) return wait();
    ++open_;
    ++attempts_;
    auto ended = [self = shared_from_this()](const std::string& fault) { self->ended(fault); };
    const auto time_left = std::min<Steady::duration>(deadline_ - now, chrono_of(settings_.attempt_timeout));
    std::make_shared<Get>(io_, order_, std::move(ended))->start(endpoint_, time_left);
  }

 private:
  void ended(const std::string& fault) {
    --open_;
    if (fault.empty()) return done_(attempts_, nullptr);
    last_fault_ = fault;
    wait();
  }

  void wait() {
    timer_.expires_at(std::min(next_turn_, deadline_));
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->turn();
    });
  }

  void give_up() {
    const auto allowed = std::to_string(order_.deadline.us / 1'000);
    const Failure failure{"no 2xx from " + url_of(order_) + " within " + allowed + " ms, in " +
                              std::to_string(attempts_) + " probes; the last: " + last_fault_ +
                              "; see the domain's own log, and `health` of the service",
                          false};
    done_(attempts_, &failure);
  }

  asio::io_context& io_;
  asio::steady_timer timer_;
  ProbeOrder order_;
  Probe::Probed done_;
  const HttpProbeSettings& settings_;
  std::uint32_t& open_;
  asio::ip::tcp::endpoint endpoint_;
  Steady::time_point deadline_;
  Steady::time_point next_turn_{};
  std::uint32_t attempts_ = 0;
  std::string last_fault_ = "none was made";
};

class HttpProbe final : public Probe {
 public:
  explicit HttpProbe(HttpProbeSettings settings) : settings_(settings), thread_([this] { io_.run(); }) {}

  ~HttpProbe() override {
    io_.stop();
    thread_.join();
  }

  void probe(const ProbeOrder& order, Probed done) override {
    asio::post(io_, [this, order, done = std::move(done)]() mutable { begin(std::move(order), std::move(done)); });
  }

 private:
  void begin(ProbeOrder order, Probed done) {
    const Failure fault{fault_of(order), false};
    if (!fault.reason.empty()) return done(0, &fault);
    std::make_shared<Watch>(io_, std::move(order), std::move(done), settings_, open_)->turn();
  }

  HttpProbeSettings settings_;
  std::uint32_t open_ = 0;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Probe> make_http_probe(HttpProbeSettings settings) {
  return std::make_unique<HttpProbe>(settings);
}

}  // namespace virtscale
