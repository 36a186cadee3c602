#include "topology/adapters/kafka/bell.hpp"

#include <utility>

namespace virtscale::kafka {

Bell::Bell() : thread_([this] { run(); }) {}

void Bell::stop() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  rung_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Bell::ring(const Listeners<>& listeners) {
  {
    const std::lock_guard lock(mutex_);
    if (!wakes_.insert(&listeners).second) return;
  }
  rung_.notify_one();
}

void Bell::fail(const Listeners<const std::string&>& listeners, const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    failures_ = &listeners;
    why_ = why;
  }
  rung_.notify_one();
}

void Bell::run() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    rung_.wait(lock, [this] { return ended_ || !wakes_.empty() || failures_ != nullptr; });
    if (!ended_) call_all(lock);
  }
}

void Bell::call_all(std::unique_lock<std::mutex>& lock) {
  const auto wakes = std::exchange(wakes_, {});
  const auto* const failures = std::exchange(failures_, nullptr);
  const auto why = why_;
  lock.unlock();
  for (const auto* const listeners : wakes) listeners->call();
  if (failures != nullptr) failures->call(why);
  lock.lock();
}

}  // namespace virtscale::kafka
