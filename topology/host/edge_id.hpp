// Ids of events that come from outside the folds: drawn once for a process, then counted.
#pragma once

#include <atomic>
#include <cstdint>

#include "topology/contract/event.hpp"

namespace virtscale {

/// Thread-safe. REQUIRES: `drawn` is random, so that no two processes share it; 0 is taken as 1.
class EdgeIds {
 public:
  explicit EdgeIds(std::uint64_t drawn) : drawn_(drawn == 0 ? 1 : drawn) {}

  EventId next() {
    const auto n = count_.fetch_add(1, std::memory_order_relaxed);
    return {drawn_, static_cast<std::uint32_t>(n >> 32), static_cast<std::uint32_t>(n), Source::edge};
  }

 private:
  std::uint64_t drawn_;
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace virtscale
