// The driver's own thread: blocking work, one piece after another, some of it later.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "topology/ports/clock.hpp"

namespace virtscale::process {

class Worker final : public Executor {
 public:
  Worker();
  /// Finishes the piece that runs; what waits is dropped.
  ~Worker() override;
  void post(std::function<void()> run) override { after({}, std::move(run)); }
  void after(Duration delay, std::function<void()> run) override;

 private:
  using Time = std::chrono::steady_clock::time_point;
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Time, std::function<void()>> waiting_;  // of equal times, the first comes first
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace virtscale::process
