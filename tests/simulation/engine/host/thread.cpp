#include "tests/simulation/engine/host/thread.hpp"

#include <algorithm>
#include <utility>

namespace virtscale::simulation {

void Thread::post(std::function<void()> run) {
  if (dead_) return;
  queue_.push_back(std::move(run));
  schedule();
}

void Thread::after(Duration delay, std::function<void()> run) {
  if (dead_) return;
  time_.after(std::max(delay, Duration{}), [this, run = std::move(run)]() mutable { post(std::move(run)); });
}

void Thread::schedule() {
  if (scheduled_ || paused_ || queue_.empty()) return;
  scheduled_ = true;
  time_.at(std::max(time_.now() + dice_.between({}, turn_max_), stalled_until_), [this] { turn(); });
}

void Thread::turn() {
  scheduled_ = false;
  if (dead_ || paused_ || queue_.empty()) return;
  const auto run = std::move(queue_.front());
  queue_.pop_front();
  run();
  schedule();
}

void Thread::resume() {
  paused_ = false;
  schedule();
}

void Thread::kill() {
  dead_ = true;
  queue_.clear();
}

}  // namespace virtscale::simulation
