// Where a subject is measured: topics and a folder of its own, the wishes that it is given, and the decisions that come
// of them, read as any committed reader reads them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

#include "tests/bench/kafka/raw_kafka.hpp"
#include "tests/bench/kafka/subject.hpp"
#include "tests/bench/kafka/wishes.hpp"

namespace virtscale::bench {

/// Topics and a folder; both are removed at the end. Throws LogError.
class Ground {
 public:
  Ground(const std::string& bootstrap, std::uint32_t partitions);
  ~Ground();
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  const Place& place() const { return place_; }
  /// Appends what the policy stage must know before it can decide. REQUIRES: before the first wish.
  void append_documents();
  /// Appends the next wish, with the time of now in it.
  void wish();
  /// Waits until all wishes are acknowledged.
  void flush() { producer_.flush(); }

 private:
  void append(const WishRecord& record);

  Place place_;
  RawProducer producer_;
  Wishes wishes_;
};

/// Reads decisions as they are committed, on a thread of its own.
class Decisions {
 public:
  explicit Decisions(const Place& place);

  /// Waits until this many have come. Throws std::runtime_error when they do not within two minutes.
  void wait_for(std::uint64_t count);
  /// From when the broker had the first to when the last was read. REQUIRES: one has come.
  double seconds();
  /// In the order in which they came: from the wish to its decision.
  std::vector<double> latencies_us();

 private:
  void take(const LogRecord& record);

  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<double> latencies_us_;
  std::uint64_t awaited_ = 0;
  std::int64_t first_us_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_us_ = 0;
  RawReader reader_;  // last: it calls `take`
};

}  // namespace virtscale::bench
