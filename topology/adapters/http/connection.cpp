#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "topology/adapters/http/exchange.hpp"
#include "topology/adapters/http/house.hpp"
#include "topology/adapters/http/target.hpp"
#include "topology/adapters/http/wire.hpp"

namespace virtscale {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;
using Parser = http::request_parser<http::string_body>;

// How long, and how much, a client that was refused may go on sending before its connection is cut: a reset would
// destroy the answer on its way.
constexpr Duration linger_max = seconds(1);
constexpr std::size_t linger_bytes_max = 8 << 20;
constexpr std::size_t read_bytes = 4096;

auto redirected(error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

/// Nothing if the target cannot be read.
std::optional<HttpRequest> request_of(Parser::value_type& message) {
  const auto target = message.target();
  auto parsed = parse_target({target.data(), target.size()});
  if (!parsed) return std::nullopt;
  HttpRequest request;
  request.method = std::string(message.method_string());
  if (message.method() == http::verb::head) request.method = "GET";
  request.path = std::move(parsed->path);
  request.query = std::move(parsed->query);
  request.body = std::move(message.body());
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    auto& known = request.headers[lower({name.data(), name.size()})];
    if (!known.empty()) known.append(", ");
    known.append(value.data(), value.size());
  }
  return request;
}

HttpResponse refusal_of(const error_code& error) {
  if (error == http::error::body_limit) {
    return problem(413, "Content Too Large", "the body is larger than the server takes; send less at once");
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return problem(431, "Request Header Fields Too Large", "the header is larger than the server takes");
  }
  return problem(400, "Bad Request", "this is not an HTTP/1.1 request");
}

/// One connection. All of it runs on the strand of its socket.
template <class Stream>
class HttpConnection final : public Connection, public std::enable_shared_from_this<HttpConnection<Stream>> {
  static constexpr auto is_tls = std::is_same_v<Stream, TlsStream>;

 public:
  HttpConnection(House& house, Stream stream)
      : house_(house),
        stream_(std::move(stream)),
        deadline_(stream_.get_executor()),
        event_(stream_.get_executor()),
        buffer_(house.options.header_bytes_max + read_bytes) {}
  ~HttpConnection() override { house_.connections.remove(this); }

  /// REQUIRES: called once, in a shared pointer.
  void begin() {
    auto self = this->shared_from_this();
    if (!house_.connections.add(this, self, house_.options.connections_max)) return turn_away();
    asio::co_spawn(stream_.get_executor(), run(self), asio::detached);
  }

  void shut_down() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
      self->stopping_ = true;
      self->event_.cancel();
      if (self->reading_) self->cancel();
    });
  }

  void abandon() override {
    if (exchange_) exchange_->end();
  }

 private:
  /// Says so if that takes no waiting, and hangs up.
  void turn_away() {
    static constexpr std::string_view full =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
    error_code ignored;
    socket().non_blocking(true, ignored);
    if constexpr (!is_tls) socket().write_some(asio::buffer(full), ignored);
    socket().close(ignored);
  }

  /// Ends the exchange on every way out of its scope, also when the server is destroyed with the coroutine suspended.
  struct Ending {
    std::shared_ptr<Exchange> exchange;
    ~Ending() { exchange->end(); }
  };

  // The coroutines that are spawned keep the connection alive by their argument.
  awaitable<void> run(std::shared_ptr<HttpConnection>) {
    if (co_await shake_hands()) {
      while (co_await serve_one()) continue;
    }
    deadline_.cancel();
    error_code ignored;
    socket().close(ignored);
  }

  awaitable<bool> shake_hands() {
    error_code error;
    if constexpr (is_tls) {
      arm(house_.options.read_timeout);
      reading_ = true;
      co_await stream_.async_handshake(asio::ssl::stream_base::server, redirected(error));
      reading_ = false;
      disarm();
    }
    co_return !error;
  }

  /// Serves one request. False if the connection is to be closed then.
  awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(house_.options.header_bytes_max);
    parser.body_limit(house_.options.body_bytes_max);
    if (!co_await await_request()) co_return false;
    const auto error = co_await read(parser);
    if (stopping_ || error == http::error::end_of_stream || error == http::error::partial_message) co_return false;
    if (expired_) {
      co_return co_await refuse(problem(408, "Request Timeout", "the request took too long to arrive"));
    }
    if (error && error.category() != make_error_code(http::error::bad_method).category()) co_return false;
    if (error) co_return co_await refuse(refusal_of(error));
    auto request = request_of(parser.get());
    if (!request) co_return co_await refuse(problem(400, "Bad Request", "the path or the query cannot be read"));
    const Reply reply{parser.get().version(), parser.get().keep_alive(), parser.get().method() == http::verb::head};
    co_return co_await answer(std::move(*request), reply);
  }

  /// How a request wants to be answered.
  struct Reply {
    unsigned version;
    bool keep_alive;
    bool head;
  };

  /// Waits for the first byte of the next request.
  awaitable<bool> await_request() {
    if (stopping_) co_return false;
    if (buffer_.size() > 0) co_return true;
    error_code error;
    arm(served_ == 0 ? house_.options.read_timeout : house_.options.idle_timeout);
    reading_ = true;
    const auto bytes = co_await stream_.async_read_some(buffer_.prepare(read_bytes), redirected(error));
    reading_ = false;
    disarm();
    buffer_.commit(bytes);
    co_return !error && !stopping_;
  }

  awaitable<error_code> read(Parser& parser) {
    error_code error;
    arm(house_.options.read_timeout);
    reading_ = true;
    co_await http::async_read_header(stream_, buffer_, parser, redirected(error));
    if (!error && lower(parser.get()[http::field::expect]) == "100-continue") {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(stream_, asio::buffer(go_on), redirected(error));
    }
    if (!error && stopping_) error = asio::error::operation_aborted;
    if (!error && !parser.is_done()) co_await http::async_read(stream_, buffer_, parser, redirected(error));
    reading_ = false;
    disarm();
    co_return error;
  }

  awaitable<bool> answer(HttpRequest request, Reply reply) {
    ++served_;
    const auto exchange = std::make_shared<Exchange>(house_.options.stream_buffer_bytes_max, waker());
    exchange_ = exchange;
    const Ending ending{exchange};
    try {
      house_.handler(request, make_responder(exchange));
    } catch (const std::exception&) {
      exchange->release();
    }
    auto answer = co_await await_answer(*exchange);
    if (const auto* stream = std::get_if<Exchange::StreamOpening>(&answer)) {
      co_await send_stream(exchange, *stream, reply);
      co_return false;
    }
    co_return co_await send(std::get<HttpResponse>(std::move(answer)), reply);
  }

  awaitable<Exchange::Answer> await_answer(Exchange& exchange) {
    error_code error;
    event_.expires_after(std::chrono::microseconds(house_.options.answer_timeout.us));
    for (;;) {
      if (auto answer = exchange.take_answer()) co_return std::move(*answer);
      if (stopping_) co_return problem(503, "Service Unavailable", "the server is stopping; try again");
      co_await event_.async_wait(redirected(error));
      if (!error) exchange.respond(problem(503, "Service Unavailable", "there was no answer in time; ask again"));
    }
  }

  awaitable<bool> send(HttpResponse answer, Reply reply) {
    http::response<http::string_body> message(http::int_to_status(answer.status), reply.version);
    message.set(http::field::date, http_date());
    if (!answer.body.empty()) message.set(http::field::content_type, one_line(answer.content_type));
    for (const auto& [name, value] : answer.headers) message.insert(name, one_line(value));
    message.body() = std::move(answer.body);
    message.prepare_payload();
    message.keep_alive(reply.keep_alive && !stopping_);
    http::response_serializer<http::string_body> serializer(message);
    error_code error;
    arm(house_.options.write_timeout);
    if (reply.head) {
      co_await http::async_write_header(stream_, serializer, redirected(error));
    } else {
      co_await http::async_write(stream_, serializer, redirected(error));
    }
    disarm();
    co_return !error && message.keep_alive();
  }

  awaitable<void> send_stream(std::shared_ptr<Exchange> exchange, Exchange::StreamOpening opening, Reply reply) {
    const auto is_chunked = reply.version == 11;
    http::response<http::empty_body> message(http::status::ok, reply.version);
    message.set(http::field::date, http_date());
    message.set(http::field::content_type, one_line(std::move(opening.content_type)));
    message.set(http::field::cache_control, "no-store");
    message.chunked(is_chunked);
    message.keep_alive(false);
    http::response_serializer<http::empty_body> serializer(message);
    error_code error;
    arm(house_.options.write_timeout);
    co_await http::async_write_header(stream_, serializer, redirected(error));
    disarm();
    if (error || reply.head) co_return;
    asio::co_spawn(stream_.get_executor(), watch_client(this->shared_from_this()), asio::detached);
    if (co_await send_chunks(*exchange, is_chunked) && is_chunked) {
      co_await asio::async_write(stream_, http::make_chunk_last(), redirected(error));
    }
  }

  /// True if the stream came to its end.
  awaitable<bool> send_chunks(Exchange& exchange, bool is_chunked) {
    error_code error;
    while (!error && !client_gone_ && !stopping_) {
      const auto chunk = exchange.take_chunk();
      if (chunk.state == Exchange::StreamState::overflowed) co_return false;
      if (!chunk.bytes.empty()) {
        error = co_await send_chunk(chunk.bytes, is_chunked);
      } else if (chunk.state == Exchange::StreamState::finished) {
        co_return true;
      } else {
        event_.expires_at(std::chrono::steady_clock::time_point::max());
        co_await event_.async_wait(redirected(error));
        error = {};
      }
    }
    co_return stopping_ && !client_gone_;
  }

  awaitable<error_code> send_chunk(const std::string& bytes, bool is_chunked) {
    error_code error;
    arm(house_.options.write_timeout);
    if (is_chunked) {
      co_await asio::async_write(stream_, http::make_chunk(asio::buffer(bytes)), redirected(error));
    } else {
      co_await asio::async_write(stream_, asio::buffer(bytes), redirected(error));
    }
    disarm();
    co_return error;
  }

  /// Reads, and drops, what the client of a stream says, until it is gone.
  awaitable<void> watch_client(std::shared_ptr<HttpConnection>) {
    error_code error;
    std::array<char, read_bytes> dropped;
    while (!error) co_await stream_.async_read_some(asio::buffer(dropped), redirected(error));
    client_gone_ = true;
    event_.cancel();
  }

  /// Answers, and lets the client finish its sentence before the connection is closed. Always false.
  awaitable<bool> refuse(HttpResponse answer) {
    co_await send(std::move(answer), Reply{11, false, false});
    error_code error;
    socket().shutdown(tcp::socket::shutdown_send, error);
    arm(linger_max);
    reading_ = true;
    std::array<char, read_bytes> dropped;
    for (std::size_t bytes = 0; !error && bytes < linger_bytes_max;) {
      bytes += co_await socket().async_read_some(asio::buffer(dropped), redirected(error));
    }
    reading_ = false;
    disarm();
    co_return false;
  }

  tcp::socket& socket() {
    if constexpr (is_tls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  void cancel() {
    error_code ignored;
    socket().cancel(ignored);
  }

  /// Cancels whatever the socket does once `timeout` has passed, unless it is disarmed or armed again before.
  void arm(Duration timeout) {
    expired_ = false;
    deadline_.expires_after(std::chrono::microseconds(timeout.us));
    deadline_.async_wait([self = this->shared_from_this(), turn = ++turn_](const error_code& error) {
      if (error || turn != self->turn_) return;
      self->expired_ = true;
      self->cancel();
    });
  }
  void disarm() {
    ++turn_;
    deadline_.cancel();
  }

  /// Tells the coroutine to look again. Called by the exchange until it is ended, so `this` is alive.
  std::function<void()> waker() {
    return [this] { asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->look_again(); }); };
  }

  void look_again() {
    event_.cancel();
    // What is being written is what the client does not take.
    if (exchange_->has_overflowed()) cancel();
  }

  House& house_;
  Stream stream_;
  asio::steady_timer deadline_;
  asio::steady_timer event_;
  beast::flat_buffer buffer_;
  std::shared_ptr<Exchange> exchange_;  // of the request that is served now, or was last
  std::uint64_t served_ = 0;
  std::uint64_t turn_ = 0;  // of the deadline
  bool expired_ = false;
  bool reading_ = false;
  bool stopping_ = false;
  bool client_gone_ = false;
};

template <class Stream>
void begin(House& house, Stream stream) {
  std::make_shared<HttpConnection<Stream>>(house, std::move(stream))->begin();
}

}  // namespace

void serve_connection(House& house, asio::io_context& context, int descriptor) {
  // The protocol is only asked for by open(), which an accepted socket never sees.
  tcp::socket socket(asio::make_strand(context), tcp::v4(), descriptor);
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  if (house.tls) return begin(house, TlsStream(std::move(socket), *house.tls));
  begin(house, std::move(socket));
}

}  // namespace virtscale
