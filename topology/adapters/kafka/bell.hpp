// The bell: the thread on which the listeners of a log are called.
//
// The one thing to know: whoever rings it goes on at once. librdkafka rings from inside of its own locks, and a
// listener may read, append and wait; so they never meet on one thread. Rings that come before the call are one.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "topology/ports/listeners.hpp"

namespace virtscale::kafka {

/// Thread-safe. The listeners that it calls belong to others, and live until it is stopped.
class Bell {
 public:
  Bell();
  ~Bell() { stop(); }
  /// Waits for the call that is under way; none comes after it. REQUIRES: not from a listener.
  void stop();

  /// Calls the listeners, soon.
  void ring(const Listeners<>& listeners);
  /// Calls them with the text, soon.
  void fail(const Listeners<const std::string&>& listeners, const std::string& why);

 private:
  void run();
  void call_all(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable rung_;
  std::set<const Listeners<>*> wakes_;
  const Listeners<const std::string&>* failures_ = nullptr;
  std::string why_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace virtscale::kafka
