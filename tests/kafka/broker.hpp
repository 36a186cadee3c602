// The Kafka cluster that tests use, if there is one: the environment variable VIRTSCALE_TEST_KAFKA, or the first line
// of kafka.bootstrap beside the test's program, which the fixture of ctest writes.
//
// The one thing to know: where CI=true, a test that needs it and does not find it fails.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>

namespace virtscale {

/// HOST:PORT,… of the cluster.
inline std::optional<std::string> test_broker() {
  if (const char* const named = std::getenv("VIRTSCALE_TEST_KAFKA"); named != nullptr && *named != '\0') return named;
  std::ifstream file(std::filesystem::read_symlink("/proc/self/exe").replace_filename("kafka.bootstrap"));
  std::string line;
  if (!std::getline(file, line) || line.empty()) return std::nullopt;
  return line;
}

/// A prefix for the topics of one test, which nobody else has.
inline std::string test_prefix() {
  return "test-" + std::to_string(std::random_device()()) + "-";
}

/// What to say to skip a test; in CI this is a failure. Use: if (!test_broker()) VIRTSCALE_SKIP_WITHOUT_BROKER().
#define VIRTSCALE_SKIP_WITHOUT_BROKER()                                                                     \
  do {                                                                                                      \
    const char* const ci = std::getenv("CI");                                                               \
    if (ci != nullptr && std::string(ci) == "true") FAIL() << "no Kafka broker, and this is CI";            \
    GTEST_SKIP() << "no Kafka broker: `./run kafka up`, then VIRTSCALE_TEST_KAFKA=HOST:PORT, or run ctest"; \
  } while (false)

}  // namespace virtscale
