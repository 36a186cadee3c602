#include "tests/integration/haproxy_fixture.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace virtscale::test {
namespace {

using namespace std::chrono_literals;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A socket connected to `address`, or -1.
template <class Address>
int connect_to(const Address& address) {
  const int fd = socket(reinterpret_cast<const sockaddr&>(address).sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

template <class Address>
bool listens(const Address& address) {
  const int fd = connect_to(address);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

/// REQUIRES: the path fits, as those of temporary directories do.
sockaddr_un unix_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

std::string contents_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

pid_t spawn(const std::string& executable, const std::string& configuration, const std::string& output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  std::string name = executable, stay = "-db", from = "-f", file = configuration;
  char* const arguments[] = {name.data(), stay.data(), from.data(), file.data(), nullptr};
  pid_t pid = -1;
  const int error = posix_spawn(&pid, executable.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot run " + executable + "; install the Debian package haproxy");
  return pid;
}

}  // namespace

HaproxyFixture::HaproxyFixture(Settings settings) : settings_(std::move(settings)) {
  // A free port may be taken by somebody else before HAProxy has it.
  constexpr int tries_max = 3;
  for (int tries = 1;; ++tries) {
    port_ = free_port();
    api_port_ = free_port();
    write_configuration();
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      stop();
      if (tries == tries_max) throw;
    }
  }
}

HaproxyFixture::~HaproxyFixture() {
  stop();
}

void HaproxyFixture::write_configuration() const {
  std::ofstream(directory_ + "/haproxy.cfg") << "global\n"
                                             << "  stats socket " << socket() << " mode 600 level admin\n"
                                             << "  stats socket ipv4@" << tcp_endpoint() << " level admin\n"
                                             << "  maxconn 1000\n"
                                             << "defaults\n"
                                             << "  mode http\n"
                                             << "  timeout connect 2s\n"
                                             << "  timeout client 30s\n"
                                             << "  timeout server 30s\n"
                                             << "  timeout queue 10s\n"
                                             << "  timeout check 1s\n"
                                             << "  retries 2\n"
                                             << "  option redispatch\n"
                                             << "frontend front\n"
                                             << "  bind 127.0.0.1:" << port_ << "\n"
                                             << "  default_backend " << settings_.backend << "\n"
                                             << "backend " << settings_.backend << "\n"
                                             << "  balance " << settings_.balance << "\n"
                                             << "  option httpchk GET " << settings_.check_path << "\n"
                                             << settings_.server_lines << "\n";
}

void HaproxyFixture::start() {
  const auto output = directory_ + "/output";
  pid_ = spawn(settings_.executable, directory_ + "/haproxy.cfg", output);
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (std::chrono::steady_clock::now() < deadline) {
    // The file of the socket may still be that of a HAProxy before this one.
    if (listens(unix_socket(socket())) && listens(loopback(port_))) return;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("haproxy ended at once: " + contents_of(output));
    }
    std::this_thread::sleep_for(5ms);
  }
  throw std::runtime_error("haproxy did not come up within 5 s: " + contents_of(output));
}

void HaproxyFixture::stop() {
  if (pid_ < 0) return;
  // SIGTERM ends a HAProxy without a master at once.
  kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + 2s;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) kill(pid_, SIGKILL);
    std::this_thread::sleep_for(2ms);
  }
  pid_ = -1;
}

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) throw std::runtime_error("no free loopback port");
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

// Writes the request, and reads until the other side closes.
static std::string response_of(std::uint16_t port, const std::string& request) {
  const int fd = connect_to(loopback(port));
  if (fd < 0) return {};
  std::string response;
  if (write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    for (ssize_t size = 0; (size = read(fd, buffer, sizeof buffer)) > 0;) response.append(buffer, size);
  }
  close(fd);
  return response;
}

std::string HaproxyFixture::command(const std::string& line) const {
  return response_of(api_port_, line + "\n");
}

std::string http_get(std::uint16_t port, const std::string& path) {
  return response_of(port, "GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
}

}  // namespace virtscale::test
