#include "topology/adapters/asio/executor.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

namespace virtscale {
namespace {

namespace asio = boost::asio;

class AsioExecutor final : public ExecutorThread {
 public:
  AsioExecutor() : work_(context_.get_executor()), thread_([this] { context_.run(); }) {}
  ~AsioExecutor() override { stop(); }

  void post(std::function<void()> run) override { asio::post(context_, std::move(run)); }

  void after(Duration delay, std::function<void()> run) override {
    const auto timer = std::make_shared<asio::steady_timer>(context_, std::chrono::microseconds(delay.us));
    timer->async_wait([timer, run = std::move(run)](const boost::system::error_code& error) {
      if (!error) run();
    });
  }

  void stop() override {
    context_.stop();
    if (std::this_thread::get_id() == thread_.get_id()) return;
    const std::lock_guard lock(joining_);
    if (thread_.joinable()) thread_.join();
  }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::mutex joining_;
  std::thread thread_;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count()};
  }
};

class SteadyClock final : public Clock {
 public:
  Instant now() const override {
    const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(since_start).count()};
  }
};

}  // namespace

std::unique_ptr<ExecutorThread> make_executor() {
  return std::make_unique<AsioExecutor>();
}

std::unique_ptr<Clock> make_system_clock() {
  return std::make_unique<SystemClock>();
}

std::unique_ptr<Clock> make_steady_clock() {
  return std::make_unique<SteadyClock>();
}

}  // namespace virtscale
