#include "topology/adapters/process/spawn.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace virtscale::process {
namespace {

/// Draws of a port before it is given up: the system offers about 28,000, of which few are taken.
constexpr int port_draws_max = 1'000;

/// What a program needs to run, and holds no secret.
constexpr const char* inherited[] = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int bound_socket(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("cannot open a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, any, size) != 0 || ::getsockname(fd, any, &size) != 0) {
    const int error = errno;
    ::close(fd);
    errno = error;
    fail("cannot find a free port on 127.0.0.1");
  }
  port = ntohs(address.sin_port);
  return fd;
}

// The null-terminated array of C strings that exec takes. Borrows `words`.
std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment(const SpawnOrder& order) {
  std::vector<std::string> all;
  for (const char* name : inherited) {
    if (const char* value = std::getenv(name)) all.push_back(std::string(name) + "=" + value);
  }
  for (const auto& [name, value] : order.variables) all.push_back(name + "=" + value);
  return all;
}

// Opened here and not by the child, so that its failure is told from that of the program.
struct LogFile {
  int fd;
  explicit LogFile(const std::filesystem::path& log)
      : fd(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + log.string());
  }
  ~LogFile() { ::close(fd); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
};

struct FileActions {
  posix_spawn_file_actions_t it;
  explicit FileActions(const LogFile& log) {
    posix_spawn_file_actions_init(&it);
    posix_spawn_file_actions_addopen(&it, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&it, log.fd, 1);
    posix_spawn_file_actions_adddup2(&it, log.fd, 2);
    // A lock on the data directory that a domain inherits would outlive us.
    posix_spawn_file_actions_addclosefrom_np(&it, 3);
  }
  ~FileActions() { posix_spawn_file_actions_destroy(&it); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
};

struct Attributes {
  posix_spawnattr_t it;
  Attributes() {
    posix_spawnattr_init(&it);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&it, &none);
    posix_spawnattr_setsigdefault(&it, &all);
    posix_spawnattr_setflags(&it, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&it); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
};

Failure cannot_run(const std::string& program, int error) {
  const bool temporary = error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE || error == ETXTBSY;
  return {"cannot run `" + program + "`: " + std::generic_category().message(error) +
              (temporary ? "" : "; correct `command` of the service"),
          temporary};
}

}  // namespace

ReservedPort::ReservedPort(const std::function<bool(std::uint16_t)>& is_taken) {
  for (int draw = 0; draw < port_draws_max; ++draw) {
    const int fd = bound_socket(number_);
    if (!is_taken(number_)) {
      socket_ = fd;
      return;
    }
    ::close(fd);
  }
  errno = EADDRNOTAVAIL;
  fail("every free port on 127.0.0.1 belongs to a domain that does not listen on it yet");
}

ReservedPort::~ReservedPort() {
  ::close(socket_);
}

pid_t spawn(const SpawnOrder& order, std::optional<Failure>& failure) {
  auto words = order.command;
  auto variables = environment(order);
  const LogFile log(order.log);
  const FileActions files(log);
  const Attributes attributes;
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, words.front().c_str(), &files.it, &attributes.it, pointers(words).data(),
                                   pointers(variables).data());
  if (error == 0) return pid;
  failure = cannot_run(order.command.front(), error);
  return 0;
}

}  // namespace virtscale::process
