#include "tests/bench/world/logs.hpp"

#include <unistd.h>

#include <array>
#include <chrono>

#include "topology/adapters/kafka/kafka_log.hpp"
#include "topology/adapters/segment/segment_log.hpp"

namespace virtscale::bench {
namespace {

class EmbeddedLogs final : public Logs {
 public:
  EmbeddedLogs(const std::filesystem::path& directory, const Clock& clock)
      : log_(open_segment_log({.directory = directory, .layout = {}, .clock = &clock}).log) {}
  Log& of(Source) override { return *log_; }

 private:
  std::unique_ptr<Log> log_;
};

class KafkaLogs final : public Logs {
 public:
  explicit KafkaLogs(const std::string& bootstrap) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    const KafkaOptions options{.bootstrap = bootstrap,
                               .prefix = "bench-" + std::to_string(getpid()) + "-" + std::to_string(now) + "-"};
    create_kafka_topics(options, {.layout = {}, .replication = 1, .in_sync_min = 1});
    for (auto& opened : opened_) opened = open_kafka_log(options, LogLayout{});
  }
  Log& of(Source source) override { return *opened_[static_cast<std::size_t>(source)].log; }

 private:
  std::array<OpenedKafkaLog, 6> opened_;
};

}  // namespace

std::unique_ptr<Logs> make_embedded_logs(const std::filesystem::path& directory, const Clock& clock) {
  return std::make_unique<EmbeddedLogs>(directory, clock);
}

std::unique_ptr<Logs> make_kafka_logs(const std::string& bootstrap) {
  return std::make_unique<KafkaLogs>(bootstrap);
}

}  // namespace virtscale::bench
