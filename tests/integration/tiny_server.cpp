#include "tests/integration/tiny_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

namespace virtscale::test {

using Clock = std::chrono::steady_clock;

struct TinyServer::Connection {
  int fd;
  std::string received{};
  std::optional<Clock::time_point> answer_at{};
  bool closed = false;

  bool has_request() const { return received.find("\r\n\r\n") != std::string::npos; }
  bool is_health() const { return received.starts_with("GET /healthz "); }

  void receive() {
    char buffer[4096];
    const auto size = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) received.append(buffer, static_cast<std::size_t>(size));
    if (size == 0 || (size < 0 && errno != EAGAIN)) closed = true;
  }
};

TinyServer::TinyServer(std::string name, std::chrono::milliseconds delay) : name_(std::move(name)), delay_(delay) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 512) != 0)
    throw std::runtime_error("a tiny server cannot listen on loopback");
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

TinyServer::~TinyServer() {
  stopping_ = true;
  thread_.join();
  close(listener_);
}

bool TinyServer::is_due(const Connection& connection) const {
  return connection.answer_at && *connection.answer_at <= Clock::now() && (!holding_ || connection.is_health());
}

void TinyServer::answer(Connection& connection) {
  const bool health = connection.is_health();
  const bool last = connection.received.find("Connection: close") != std::string::npos;
  const auto response = "HTTP/1.1 " + std::to_string(status_) +
                        " Tiny\r\nContent-Length: " + std::to_string(name_.size()) +
                        (last ? "\r\nConnection: close" : "") + "\r\n\r\n" + name_;
  connection.received.erase(0, connection.received.find("\r\n\r\n") + 4);
  connection.answer_at.reset();
  if (send(connection.fd, response.data(), response.size(), MSG_NOSIGNAL) < 0 || last) connection.closed = true;
  if (!health) ++requests_;
}

void TinyServer::serve() {
  std::vector<Connection> open;
  while (!stopping_) {
    std::vector<pollfd> polled{{listener_, POLLIN, 0}};
    for (const auto& connection : open) polled.push_back({connection.fd, POLLIN, 0});
    waiting_ = static_cast<std::size_t>(
        std::count_if(open.begin(), open.end(), [](const auto& c) { return c.answer_at.has_value(); }));
    poll(polled.data(), polled.size(), waiting_ > 0 ? 1 : 20);
    for (std::size_t i = 0; i < open.size(); ++i) {
      auto& connection = open[i];
      if (polled[i + 1].revents != 0) connection.receive();
      if (connection.has_request() && !connection.answer_at)
        connection.answer_at = Clock::now() + (connection.is_health() ? std::chrono::milliseconds(0) : delay_);
      if (is_due(connection)) answer(connection);
      if (connection.closed) close(connection.fd);
    }
    std::erase_if(open, [](const auto& connection) { return connection.closed; });
    for (int fd = 0; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) open.push_back({fd});
    connections_ = open.size();
  }
  for (const auto& connection : open) close(connection.fd);
}

}  // namespace virtscale::test
