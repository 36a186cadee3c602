#include "topology/adapters/process/process_table.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <system_error>

namespace virtscale::process {
namespace {

/// An environment is at most a quarter of the stack's limit, usually 2 MiB.
constexpr std::size_t contents_max = 4 << 20;

// A file of /proc: its size is not known before it is read. Empty if it cannot be.
std::string contents(const std::string& path) {
  std::string all;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  // Not to be able to look is not to see that there is nothing.
  if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
    throw std::system_error(errno, std::generic_category(), "cannot read " + path);
  if (fd < 0) return all;
  char part[4096];
  for (ssize_t got = ::read(fd, part, sizeof part); got > 0 && all.size() < contents_max;
       got = ::read(fd, part, sizeof part))
    all.append(part, static_cast<std::size_t>(got));
  ::close(fd);
  return all;
}

std::string path_of(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

}  // namespace

std::optional<ProcessStat> stat_of(pid_t pid) {
  const auto text = contents(path_of(pid, "stat"));
  // The name stands in parentheses and may contain anything, parentheses and spaces included.
  const auto end = text.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream fields(text.substr(end + 1));
  ProcessStat stat;
  stat.pid = pid;
  pid_t parent = 0;
  fields >> stat.state >> parent >> stat.group >> stat.session;
  std::string skipped;
  for (int field = 7; field < 20; ++field) fields >> skipped;
  fields >> stat.threads >> skipped >> stat.start_ticks;
  if (!fields) return {};
  return stat;
}

void each_pid(const std::function<void(pid_t)>& visit) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && rest == name.data() + name.size()) visit(pid);
  }
}

std::optional<std::string> variable_of(pid_t pid, std::string_view variable) {
  const auto text = contents(path_of(pid, "environ"));
  const auto prefix = std::string(variable) + "=";
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\0', at), text.size());
    const std::string_view entry(text.data() + at, end - at);
    if (entry.starts_with(prefix)) return std::string(entry.substr(prefix.size()));
    at = end + 1;
  }
  return {};
}

bool group_lives(pid_t group) {
  // EPERM means that there is one, and that it is not ours to signal.
  if (::kill(-group, 0) != 0 && errno == ESRCH) return false;
  // All that is left of it may be zombies that nobody reaps, as in a container without an init.
  bool lives = false;
  each_pid([&](pid_t pid) {
    const auto stat = lives ? std::nullopt : stat_of(pid);
    lives = lives || (stat && stat->group == group && !stat->is_dead());
  });
  return lives;
}

std::string boot_id() {
  auto id = contents("/proc/sys/kernel/random/boot_id");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id.empty() ? "unknown" : id;
}

}  // namespace virtscale::process
