// The policy stage over a real broker, beside Kafka Streams and librdkafka alone: how many decisions a second, and how
// long one takes from the append of its wish to a committed reader.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/bench/harness.hpp"
#include "tests/bench/kafka/raw_kafka.hpp"
#include "tests/bench/kafka/streams_peer.hpp"
#include "tests/bench/kafka/subject.hpp"
#include "tests/bench/kafka/wishes.hpp"
#include "topology/adapters/kafka/kafka_log.hpp"

namespace virtscale::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int runs = 3;
constexpr std::uint32_t partitions = 4;
constexpr std::uint64_t wishes_in_a_flood = 200'000;
constexpr std::uint64_t wishes_a_second = 1'000;
constexpr std::uint64_t seconds_to_warm = 3;
constexpr std::uint64_t seconds_measured = 10;
constexpr std::chrono::minutes wait_max{2};

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Topics of one run, and a folder; both are removed at its end.
class Ground {
 public:
  explicit Ground(const std::string& bootstrap) : producer_(bootstrap), wishes_(partitions) {
    static int made = 0;
    place_ = {.bootstrap = bootstrap,
              .prefix = fmt::format("bench-{}-{}-", getpid(), ++made),
              .partitions = partitions,
              .folder = std::filesystem::temp_directory_path() / fmt::format("virtscale-kafka-{}-{}", getpid(), made)};
    LogLayout layout;
    layout.partitions.fill(partitions);
    create_kafka_topics({.bootstrap = bootstrap, .prefix = place_.prefix},
                        {.layout = layout, .replication = 1, .in_sync_min = 1});
    std::filesystem::create_directories(place_.folder);
    for (const auto& document : wishes_.documents()) append(document);
    producer_.flush();
  }
  ~Ground() {
    producer_.remove_topics({place_.prefix + "signals", place_.prefix + "decisions", place_.prefix + "outcomes"});
    std::error_code ignored;
    std::filesystem::remove_all(place_.folder, ignored);
  }

  const Place& place() const { return place_; }
  void wish() { append(wishes_.next(now_us())); }
  void flush() { producer_.flush(); }

 private:
  void append(const WishRecord& record) {
    producer_.produce(place_.prefix + "signals", record.partition, record.key, record.value);
  }

  Place place_;
  RawProducer producer_;
  Wishes wishes_;
};

/// Reads decisions as they are committed.
class Decisions {
 public:
  explicit Decisions(const Place& place)
      : reader_(place.bootstrap, place.prefix + "outcomes", place.partitions,
                [this](const LogRecord& record) { take(record); }) {}

  /// Waits until this many have come. Throws std::runtime_error after two minutes.
  void wait_for(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, wait_max, [&] { return latencies_us_.size() >= count; }))
      throw std::runtime_error(fmt::format("kafka: {} of {} decisions came", latencies_us_.size(), count));
  }
  /// When the broker had the first, and when the last was read.
  double seconds() const { return static_cast<double>(last_us_ - first_us_) / 1e6; }
  /// In the order in which they came: from the wish to its decision.
  std::vector<double> latencies_us() const { return latencies_us_; }

 private:
  void take(const LogRecord& record) {
    const auto wished_at = signal_at_of_decision(record.value);
    if (wished_at < 0) return;
    const std::lock_guard lock(mutex_);
    last_us_ = now_us();
    first_us_ = std::min(first_us_, record.timestamp.us);
    latencies_us_.push_back(static_cast<double>(last_us_ - wished_at));
    came_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<double> latencies_us_;
  std::int64_t first_us_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_us_ = 0;
  RawReader reader_;
};

double records_per_second(const std::string& bootstrap, const MakeSubject& make) {
  Ground ground(bootstrap);
  for (std::uint64_t n = 0; n < wishes_in_a_flood; ++n) ground.wish();
  ground.flush();
  Decisions decisions(ground.place());
  const auto subject = make(ground.place());
  decisions.wait_for(wishes_in_a_flood);
  return static_cast<double>(wishes_in_a_flood) / decisions.seconds();
}

/// Of wishes that come evenly, whatever the subject does.
std::vector<double> latencies_us(const std::string& bootstrap, const MakeSubject& make) {
  Ground ground(bootstrap);
  Decisions decisions(ground.place());
  const auto subject = make(ground.place());
  ground.wish();
  decisions.wait_for(1);
  constexpr auto wishes = (seconds_to_warm + seconds_measured) * wishes_a_second;
  const auto began = SteadyClock::now();
  for (std::uint64_t n = 0; n < wishes; ++n) {
    std::this_thread::sleep_until(began + std::chrono::microseconds(n * 1'000'000 / wishes_a_second));
    ground.wish();
  }
  decisions.wait_for(1 + wishes);
  auto all = decisions.latencies_us();
  all.erase(all.begin(), all.begin() + seconds_to_warm * wishes_a_second);
  return all;
}

}  // namespace

std::vector<Figure> measure_kafka(const std::string& bootstrap) {
  const auto peer = StreamsPeer::start();
  const MakeSubject streams = [&](const Place& place) { return peer->run(place, {.threads = 2, .commit_ms = 1'000}); };
  for (int run = 0; run < runs; ++run) {
    fmt::print(stderr, "kafka: relay {:.0f}\n", records_per_second(bootstrap, make_relay));
    fmt::print(stderr, "kafka: ours {:.0f}\n", records_per_second(bootstrap, make_policy_stage));
    if (peer) fmt::print(stderr, "kafka: streams {:.0f}\n", records_per_second(bootstrap, streams));
  }
  const auto say = [](const char* who, const std::vector<double>& all) {
    fmt::print(stderr, "kafka: {} p50 {:.0f} p99 {:.0f} p999 {:.0f}\n", who, quantile_of(all, 500),
               quantile_of(all, 990), quantile_of(all, 999));
  };
  say("relay", latencies_us(bootstrap, make_relay));
  say("ours", latencies_us(bootstrap, make_policy_stage));
  if (peer)
    say("streams", latencies_us(bootstrap, [&](const Place& place) {
          return peer->run(place, {.threads = 1, .commit_ms = 0, .poll_ms = 1, .linger_ms = 0, .commits_each = true});
        }));
  return {};
}

}  // namespace virtscale::bench
