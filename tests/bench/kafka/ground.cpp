#include "tests/bench/kafka/ground.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "topology/adapters/kafka/kafka_log.hpp"

namespace virtscale::bench {
namespace {

constexpr std::chrono::minutes wait_max{2};

std::int64_t now_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

Place next_place(const std::string& bootstrap, std::uint32_t partitions) {
  static int made = 0;
  const auto name = fmt::format("bench-{}-{}", getpid(), ++made);
  return {.bootstrap = bootstrap,
          .prefix = name + "-",
          .partitions = partitions,
          .folder = std::filesystem::temp_directory_path() / ("virtscale-" + name)};
}

}  // namespace

Ground::Ground(const std::string& bootstrap, std::uint32_t partitions)
    : place_(next_place(bootstrap, partitions)), producer_(bootstrap), wishes_(partitions) {
  LogLayout layout;
  layout.partitions.fill(partitions);
  create_kafka_topics({.bootstrap = bootstrap, .prefix = place_.prefix},
                      {.layout = layout, .replication = 1, .in_sync_min = 1});
  std::filesystem::create_directories(place_.folder);
}

Ground::~Ground() {
  producer_.remove_topics_of(place_.prefix);
  std::error_code ignored;
  std::filesystem::remove_all(place_.folder, ignored);
}

void Ground::append_documents() {
  for (const auto& document : wishes_.documents()) append(document);
  flush();
}

void Ground::wish() {
  append(wishes_.next(now_us()));
}

void Ground::append(const WishRecord& record) {
  producer_.produce(place_.prefix + "signals", record.partition, record.key, record.value);
}

Decisions::Decisions(const Place& place)
    : reader_(place.bootstrap, place.prefix + "outcomes", place.partitions,
              [this](const LogRecord& record) { take(record); }) {}

void Decisions::wait_for(std::uint64_t count) {
  std::unique_lock lock(mutex_);
  awaited_ = count;
  if (!came_.wait_for(lock, wait_max, [&] { return latencies_us_.size() >= count; }))
    throw std::runtime_error(fmt::format("{} of {} decisions came", latencies_us_.size(), count));
}

double Decisions::seconds() {
  const std::lock_guard lock(mutex_);
  return static_cast<double>(last_us_ - first_us_) / 1e6;
}

std::vector<double> Decisions::latencies_us() {
  const std::lock_guard lock(mutex_);
  return latencies_us_;
}

void Decisions::take(const LogRecord& record) {
  const auto wished_at = signal_at_of(record.value);
  if (wished_at < 0) return;
  const std::lock_guard lock(mutex_);
  last_us_ = now_us();
  first_us_ = std::min(first_us_, record.timestamp.us);
  latencies_us_.push_back(static_cast<double>(last_us_ - wished_at));
  if (latencies_us_.size() == awaited_) came_.notify_all();  // a wake-up for each would cost a tenth of a core
}

}  // namespace virtscale::bench
