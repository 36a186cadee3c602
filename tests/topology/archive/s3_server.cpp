#include "tests/topology/archive/s3_server.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

namespace virtscale::test {
namespace {

/// The first run may have to fetch the server.
constexpr auto start_max = std::chrono::minutes(4);

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n');
  return end == text.npos ? "" : text.substr(text.rfind('\n', end) + 1, end - text.rfind('\n', end));
}

}  // namespace

S3Server::S3Server() {
  const auto data = directory_.path() / "data";
  std::filesystem::create_directories(data / "cold");
  child_ = ::fork();
  if (child_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int log = ::open((directory_.path() / "log").c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(log, 1);
    ::dup2(log, 2);
    ::execl("tests/topology/archive/s3-server", "s3-server", data.c_str(), nullptr);
    ::_exit(127);
  }
  await();
}

S3Server::~S3Server() {
  if (child_ < 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

void S3Server::await() {
  const std::regex started(R"(Started ServerConnector@.*\{127\.0\.0\.1:([0-9]+)\})");
  const auto deadline = std::chrono::steady_clock::now() + start_max;
  while (std::chrono::steady_clock::now() < deadline) {
    std::smatch found;
    const auto ended = ::waitpid(child_, nullptr, WNOHANG) == child_;
    const auto log = text_of(directory_.path() / "log");
    if (std::regex_search(log, found, started)) {
      port_ = std::stoi(found[1]);
      return;
    }
    if (ended) {
      child_ = -1;
      absence_ = last_line(log);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  absence_ = "the server did not start within 4 min";
}

S3ArchiveOptions S3Server::options(const std::string& prefix, const std::string& key_id, const std::string& secret) {
  static int made = 0;
  const auto file = directory_.path() / ("credentials-" + std::to_string(++made));
  write_private(file, "[default]\naws_access_key_id = " + key_id + "\naws_secret_access_key = " + secret + "\n");
  return {.endpoint = "http://127.0.0.1:" + std::to_string(port_),
          .bucket = "cold",
          .prefix = prefix,
          .credentials_file = file,
          .pause = milliseconds(20)};
}

S3Server& s3_server() {
  static S3Server server;
  return server;
}

std::filesystem::path write_private(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file) << text;
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return file;
}

}  // namespace virtscale::test
