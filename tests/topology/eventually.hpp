// Waits for what the world brings about in its own time.
#pragma once

#include <chrono>
#include <thread>

namespace virtscale {

/// True as soon as `is_so()` is; false if it is not within ten seconds, which is far longer than anything here takes.
template <class Condition>
bool eventually(Condition is_so) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace virtscale
