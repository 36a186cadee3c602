#include "tests/bench/world/append_limit.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>
#include <vector>

#include "topology/adapters/segment/segment_log.hpp"

namespace virtscale::bench {
namespace {

using Steady = std::chrono::steady_clock;

/// What the log takes into one sync at most, and so does the measurement beside it.
constexpr std::size_t group_bytes = 4U << 20U;
/// A record's header, key and padding on disk.
constexpr std::size_t record_overhead = 48;
constexpr TopicPartition alerts{Topic::alerts, 0};

class WallClock final : public Clock {
 public:
  Instant now() const override {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
  }
};

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

double per_second(const AppendLoad& load, Steady::time_point start) {
  return static_cast<double>(load.records) / seconds_since(start);
}

double measure_raw(const std::filesystem::path& file, const AppendLoad& load) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) throw LogError("cannot make " + file.string());
  const std::vector<char> group(group_bytes, 'x');
  const Steady::time_point start = Steady::now();
  bool written = true;
  for (std::size_t left = load.records * (load.value_bytes + record_overhead); left > 0 && written;) {
    const std::size_t bytes = std::min(left, group.size());
    written = ::write(fd, group.data(), bytes) == static_cast<ssize_t>(bytes) && ::fdatasync(fd) == 0;
    left -= bytes;
  }
  const double rate = per_second(load, start);
  ::close(fd);
  std::filesystem::remove(file);
  if (!written) throw LogError("cannot write " + file.string());
  return rate;
}

void append_all(Log& log, const AppendLoad& load) {
  const std::vector<std::byte> value(load.value_bytes, std::byte{'x'});
  const std::vector<LogAppend> batch(load.batch, {alerts, "org/service", value});
  for (std::size_t n = 0; n < load.records; n += load.batch) log.append(batch);
}

/// Follows the partition as a stage does, until `records` were seen.
void read_all(Log& log, std::size_t records) {
  std::uint64_t next = 0;
  while (next < records) {
    const std::size_t seen = log.read(alerts, next, 1'000, [&](const LogRecord& record) {
      next = record.offset + 1;
      return true;
    });
    if (seen == 0) std::this_thread::yield();
  }
}

double median_of_lone_appends(Log& log) {
  std::vector<double> times;
  for (int n = 0; n < 101; ++n) {
    const std::vector<LogAppend> batch = {{alerts, "org/service", {}}};
    const Steady::time_point start = Steady::now();
    log.append(batch);
    log.sync();
    times.push_back(seconds_since(start) * 1e6);
  }
  std::nth_element(times.begin(), times.begin() + 50, times.end());
  return times[50];
}

}  // namespace

AppendLimit measure_append_limit(const std::filesystem::path& directory, const AppendLoad& load) {
  AppendLimit limit;
  limit.raw = measure_raw(directory / "append-limit.raw", load);
  const WallClock clock;
  const SegmentLogOptions options{.directory = directory / "append-limit.log",
                                  .clock = &clock,
                                  .hot_bytes_max = std::numeric_limits<std::size_t>::max()};
  {
    const OpenedSegmentLog opened = open_segment_log(options);
    Steady::time_point start = Steady::now();
    append_all(*opened.log, load);
    limit.appended = per_second(load, start);
    opened.log->sync();
    limit.durable = per_second(load, start);
    start = Steady::now();
    read_all(*opened.log, load.records);
    limit.read = per_second(load, start);
    limit.lone_us = median_of_lone_appends(*opened.log);
  }
  const OpenedSegmentLog opened = open_segment_log_to_read(options.directory);
  const Steady::time_point start = Steady::now();
  read_all(*opened.log, load.records);
  limit.read_cold = per_second(load, start);
  std::filesystem::remove_all(options.directory);
  return limit;
}

}  // namespace virtscale::bench
