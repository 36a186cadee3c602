// The newest bytes of the log in memory, in the same form as on disk: written once, then shared, never copied.
//
// The one thing to know: a chunk holds bytes of one segment only, and whoever holds a pointer to it may read all that
// was published before, while the appender writes on behind that.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "topology/adapters/segment/format.hpp"

namespace virtscale::segment {

/// 1 MiB: large enough that its lock and its write call do not matter, small enough to be let go of soon.
inline constexpr std::size_t chunk_bytes = 1U << 20U;

/// A piece of one segment. The bytes are not initialised.
struct Chunk {
  Chunk(Position first, std::size_t size)
      : begin(first), capacity(size), end(begin + size), bytes(std::make_unique_for_overwrite<std::byte[]>(size)) {}

  Position begin;
  std::size_t capacity;
  std::atomic<Position> end;  ///< where the next chunk begins, once there is one, or where this one is full
  std::unique_ptr<std::byte[]> bytes;

  bool covers(Position at) const { return at >= begin && at < end.load(std::memory_order_relaxed); }
  std::byte* at(Position place) const { return bytes.get() + (place.value - begin.value); }
};

/// Memory of past chunks, kept for the next ones: fresh pages cost more than the copy into them. Thread-safe.
class ChunkPool {
 public:
  /// A chunk of at least `bytes`, and of `chunk_bytes` if that is more.
  std::unique_ptr<Chunk> take(Position begin, std::size_t bytes);
  void give_back(std::unique_ptr<Chunk> chunk);

 private:
  static constexpr std::size_t idle_max = 8;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Chunk>> idle_;
};

/// The chunks from the oldest kept to the newest. Thread-safe.
class Chunks {
 public:
  /// Keeps `bytes_max` of what is durable; what is not stays in any case.
  explicit Chunks(std::size_t bytes_max) : bytes_max_(bytes_max), pool_(std::make_shared<ChunkPool>()) {}

  /// Begins a chunk with room for at least `bytes`. REQUIRES: `begin` lies behind all that was written.
  std::shared_ptr<const Chunk> start(Position begin, std::size_t bytes);
  /// The chunk that holds `at`; null if it is not in memory any more.
  std::shared_ptr<const Chunk> find(Position at) const;
  /// Lets go of the oldest chunks that end before `durable`, as far as there are more than `bytes_max`.
  void forget_until(Position durable);

 private:
  const std::size_t bytes_max_;
  const std::shared_ptr<ChunkPool> pool_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<Chunk>> chunks_;
  std::size_t bytes_ = 0;
};

}  // namespace virtscale::segment
