// HTTP as it comes off a socket: the server's own code on one end of a pair, the input on the other, then the end of
// the stream. Properties: the connection ends by itself; each request that reaches the handler is within bounds, its
// path stays below the root, and it gets one answer; what breaks a bound gets one too, and is the last.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>

#include "tests/fuzz/input.hpp"
#include "topology/adapters/http/house.hpp"
#include "topology/adapters/http/target.hpp"

namespace virtscale::fuzz {
namespace {

constexpr std::size_t sent_max = 16'384;
// A client that has ended leaves nothing to wait for; a busy machine may take its time.
constexpr auto patience = std::chrono::seconds(5);

HttpServerOptions options() {
  HttpServerOptions small;
  small.body_bytes_max = 4'096;
  small.header_bytes_max = 1'024;
  return small;
}

bool is_lower(std::string_view name) {
  return std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void check_path(std::string_view path) {
  check(path.starts_with('/'), "a path begins with a slash", path);
  const auto padded = std::string(path) + "/";
  check(padded.find("/../") == padded.npos && padded.find("/./") == padded.npos, "a path stays below the root", path);
  check(std::none_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
        "a path has no control characters", path);
}

class OneConnection {
 public:
  explicit OneConnection(std::string_view sent) {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "there is a pair of sockets");
    ours_ = ends[1];
    ::fcntl(ours_, F_SETFL, O_NONBLOCK);
    check(::write(ours_, sent.data(), sent.size()) == static_cast<ssize_t>(sent.size()), "the input fits");
    ::shutdown(ours_, SHUT_WR);
    serve_connection(house_, context_, ends[0]);
  }
  ~OneConnection() { ::close(ours_); }

  void run() {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!context_.stopped()) {
      context_.run_one_for(std::chrono::milliseconds(10));
      drain();
      check(std::chrono::steady_clock::now() < end, "a connection ends after its client");
    }
    drain();
    // A refusal is an answer without a request; "100 Continue" has no date.
    const auto answers = count("\r\nDate: ");
    check(answers == requests_ || answers == requests_ + 1, "each request has one answer", received_);
    check(received_.empty() || received_.starts_with("HTTP/1."), "what comes back is HTTP", received_);
  }

 private:
  void serve(const HttpRequest& request, const std::shared_ptr<HttpResponder>& to) {
    ++requests_;
    check(request.body.size() <= house_.options.body_bytes_max, "a body is within its bound");
    for (const auto& [name, value] : request.headers) check(is_lower(name), "names of headers are lower case", name);
    check_path(request.path);
    if (!request.path.starts_with("/stream")) return to->respond({200, "text/plain", "an answer\n", {}});
    to->open_stream("text/event-stream", [] {});
    to->write("data: a piece\n\n");
  }

  void drain() {
    char buffer[4'096];
    for (ssize_t bytes = 0; (bytes = ::read(ours_, buffer, sizeof buffer)) > 0;)
      received_.append(buffer, static_cast<std::size_t>(bytes));
  }

  std::size_t count(std::string_view text) const {
    std::size_t found = 0;
    for (auto at = received_.find(text); at != std::string::npos; at = received_.find(text, at + 1)) ++found;
    return found;
  }

  boost::asio::io_context context_{1};
  House house_{options(),
               [this](const HttpRequest& request, std::shared_ptr<HttpResponder> to) { serve(request, to); }};
  int ours_ = -1;
  std::size_t requests_ = 0;
  std::string received_;
};

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  const auto sent = fuzz::Input(data, size).rest().substr(0, fuzz::sent_max);
  fuzz::OneConnection(sent).run();
  if (const auto target = parse_target(sent)) fuzz::check_path(target->path);
  return 0;
}
