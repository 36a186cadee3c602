#include "topology/adapters/process/domain_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace virtscale::process {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what, const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), what + " " + path.string());
}

// A file descriptor that is closed at the end.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (fd_ < 0) fail("cannot open", path);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void write(std::string_view text) const {
    while (!text.empty()) {
      const auto written = ::write(fd_, text.data(), text.size());
      if (written < 0 && errno != EINTR) fail("cannot write", path_);
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void sync() const {
    if (::fsync(fd_) != 0) fail("cannot sync", path_);
  }

 private:
  fs::path path_;
  int fd_;
};

constexpr std::string_view unfinished = ".new";

}  // namespace

bool is_safe_name(std::string_view name) {
  const auto safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= name_bytes_max && name.front() != '.' && std::ranges::all_of(name, safe) &&
         !name.ends_with(unfinished);
}

DomainFiles::DomainFiles(const fs::path& directory) {
  fs::create_directories(directory / "domains");
  fs::create_directories(directory / "logs");
  directory_ = fs::canonical(directory);
  domains_ = directory_ / "domains";
  if (::access(domains_.c_str(), W_OK | X_OK) != 0) fail("cannot write to", domains_);
}

std::optional<DomainFile> DomainFiles::read(const std::string& name) const {
  std::string text(file_bytes_max, '\0');
  std::ifstream in(path_of(name));
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  std::istringstream words(text);
  DomainFile file;
  std::string pid, ticks, port, boot, cell;
  words >> pid >> file.pid >> ticks >> file.start_ticks >> port >> file.port >> boot >> file.boot >> cell >> file.cell;
  if (!words || !is_safe_name(file.cell)) return {};
  return file;
}

void DomainFiles::write(const std::string& name, const DomainFile& file, WriteCare care) {
  const auto path = path_of(name);
  const auto fresh = fs::path(path).concat(unfinished);
  {
    const Descriptor out(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    out.write("pid " + std::to_string(file.pid) + "\nstart_ticks " + std::to_string(file.start_ticks) + "\nport " +
              std::to_string(file.port) + "\nboot " + file.boot + "\ncell " + file.cell + "\n");
    if (care == WriteCare::durable) out.sync();
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) fail("cannot replace", path);
  if (care == WriteCare::durable) Descriptor(domains_, O_RDONLY | O_DIRECTORY).sync();
}

void DomainFiles::remove(const std::string& name) {
  if (::unlink(path_of(name).c_str()) != 0 && errno != ENOENT) fail("cannot remove", path_of(name));
}

bool DomainFiles::contains(const std::string& name) const {
  return ::access(path_of(name).c_str(), F_OK) == 0;
}

std::set<std::uint16_t> DomainFiles::ports_of_others(const std::string& name) const {
  std::set<std::uint16_t> ports;
  for (const auto& other : names()) {
    if (other == name) continue;
    if (const auto file = read(other)) ports.insert(file->port);
  }
  return ports;
}

void DomainFiles::prune_logs() {
  std::vector<std::pair<fs::file_time_type, fs::path>> logs;
  for (const auto& entry : fs::directory_iterator(directory_ / "logs")) {
    // Another process may prune at the same time: what is gone already is no error.
    std::error_code gone;
    const auto written = entry.last_write_time(gone);
    if (!gone && !contains(entry.path().stem().string())) logs.emplace_back(written, entry.path());
  }
  if (logs.size() <= logs_kept_max) return;
  std::ranges::sort(logs);
  logs.resize(logs.size() - logs_kept_max);
  std::error_code ignored;
  for (const auto& [at, path] : logs) fs::remove(path, ignored);
}

std::vector<std::string> DomainFiles::names() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(domains_)) {
    auto name = entry.path().filename().string();
    if (is_safe_name(name)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace virtscale::process
