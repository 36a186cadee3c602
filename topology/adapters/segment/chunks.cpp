#include "topology/adapters/segment/chunks.hpp"

#include <algorithm>

namespace virtscale::segment {

std::unique_ptr<Chunk> ChunkPool::take(Position begin, std::size_t bytes) {
  if (bytes <= chunk_bytes) {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Chunk> chunk = std::move(idle_.back());
      idle_.pop_back();
      chunk->begin = begin;
      chunk->end = begin + chunk->capacity;
      return chunk;
    }
  }
  return std::make_unique<Chunk>(begin, std::max(bytes, chunk_bytes));
}

void ChunkPool::give_back(std::unique_ptr<Chunk> chunk) {
  const std::lock_guard lock(mutex_);
  if (chunk->capacity == chunk_bytes && idle_.size() < idle_max) idle_.push_back(std::move(chunk));
}

std::shared_ptr<const Chunk> Chunks::start(Position begin, std::size_t bytes) {
  auto give_back = [pool = pool_](Chunk* chunk) { pool->give_back(std::unique_ptr<Chunk>(chunk)); };
  std::shared_ptr<Chunk> chunk(pool_->take(begin, bytes).release(), give_back);
  const std::lock_guard lock(mutex_);
  // A batch that does not fit leaves room at the end of a chunk; from here on that room is the new chunk's.
  if (!chunks_.empty()) chunks_.back()->end = std::min(chunks_.back()->end.load(), begin);
  chunks_.push_back(chunk);
  bytes_ += chunk->capacity;
  return chunk;
}

std::shared_ptr<const Chunk> Chunks::find(Position at) const {
  const std::lock_guard lock(mutex_);
  auto after = std::upper_bound(chunks_.begin(), chunks_.end(), at,
                                [](Position place, const auto& chunk) { return place < chunk->begin; });
  if (after == chunks_.begin() || !(*std::prev(after))->covers(at)) return nullptr;
  return *std::prev(after);
}

void Chunks::forget_until(Position durable) {
  const std::lock_guard lock(mutex_);
  // A chunk ends where the next one begins, so the newest is never let go of.
  while (bytes_ > bytes_max_ && chunks_.size() > 1 && chunks_[1]->begin <= durable) {
    bytes_ -= chunks_.front()->capacity;
    chunks_.pop_front();
  }
}

}  // namespace virtscale::segment
