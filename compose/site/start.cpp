#include "compose/site/start.hpp"

#include <pthread.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace virtscale {

sigset_t block_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, log_failed_signal}) sigaddset(&signals, one);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

std::optional<Settings> settings_from(const std::string& file) {
  if (file.empty()) return Settings{};
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "virtscale: cannot read the settings %s: check the name and its permissions\n", file.c_str());
    return std::nullopt;
  }
  std::stringstream text;
  text << in.rdbuf();
  auto parsed = parse_settings(text.str());
  for (const auto& fault : parsed.faults) {
    std::fprintf(stderr, "%s:%u:%u: %s\n", file.c_str(), fault.line, fault.column, fault.message.c_str());
  }
  if (!parsed.faults.empty()) return std::nullopt;
  return std::move(parsed.settings);
}

}  // namespace virtscale
