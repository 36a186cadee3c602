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
#include <random>
#include <system_error>

namespace virtscale::process {
namespace {

/// Ports that domains get. Linux hands out 32768 and up to clients (ip_local_port_range): none of those takes one of
/// these between its draw and its domain's bind.
constexpr std::uint16_t port_first = 20'000;
constexpr std::uint16_t port_last = 32'767;

/// Draws of a port before it is given up: far more than it takes to find the last free ones.
constexpr int port_draws_max = 200'000;

/// What a program needs to run, and holds no secret.
constexpr const char* inherited[] = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

bool is_free(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("cannot open a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return bound;
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

std::uint16_t free_port(const std::function<bool(std::uint16_t)>& is_taken) {
  // Drawn at random, since several of us on one machine would else try the same ones at the same time.
  std::random_device random;
  std::uniform_int_distribution<std::uint16_t> ports(port_first, port_last);
  for (int draw = 0; draw < port_draws_max; ++draw) {
    const auto port = ports(random);
    if (!is_taken(port) && is_free(port)) return port;
  }
  errno = EADDRNOTAVAIL;
  fail("no port from 20000 to 32767 on 127.0.0.1 is free");
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
