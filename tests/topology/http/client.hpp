// A client that sends bytes as they are and reads what comes back: a browser would be too polite for these tests.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace virtscale {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { hang_up(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False if the server does not take it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// All up to and with `mark`; less if the server closes or is silent for `patience_ms`.
  std::string read_to(std::string_view mark, int patience_ms = 5'000) {
    for (;;) {
      if (const auto at = read_.find(mark); at != std::string::npos) return take(at + mark.size());
      if (!read_some(patience_ms)) return take(read_.size());
    }
  }

  /// All up to the end of the connection; what came so far if the server does not close it.
  std::string read_to_end(int patience_ms = 5'000) {
    while (read_some(patience_ms)) continue;
    return take(read_.size());
  }

  /// The end was seen.
  bool ended() const { return ended_; }

  void hang_up() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }

 private:
  bool read_some(int patience_ms) {
    pollfd ready{socket_, POLLIN, 0};
    if (poll(&ready, 1, patience_ms) <= 0) return false;
    char bytes[65536];
    const auto count = recv(socket_, bytes, sizeof bytes, 0);
    ended_ = count <= 0;
    if (!ended_) read_.append(bytes, static_cast<std::size_t>(count));
    return !ended_;
  }

  std::string take(std::size_t count) {
    auto taken = read_.substr(0, count);
    read_.erase(0, count);
    return taken;
  }

  int socket_;
  bool ended_ = false;
  std::string read_;
};

}  // namespace virtscale
