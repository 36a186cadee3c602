#include "topology/adapters/process/worker.hpp"

namespace virtscale::process {

Worker::Worker() : thread_([this] { work(); }) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Worker::after(Duration delay, std::function<void()> run) {
  const auto at = std::chrono::steady_clock::now() + std::chrono::microseconds(delay.us);
  {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(at, std::move(run));
  }
  changed_.notify_one();
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto next = waiting_.begin();
    const auto at = next->first;
    if (at > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, at);
      continue;
    }
    const auto run = std::move(next->second);
    waiting_.erase(next);
    lock.unlock();
    run();
    lock.lock();
  }
}

}  // namespace virtscale::process
