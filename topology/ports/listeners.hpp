// The listeners of a log, for those who implement one.
//
// The one thing to know: a listener is removed by dropping its subscription. A call that is under way at that moment
// ends; so what a listener touches is held by it, or outlives the log.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace virtscale {

/// Keeps a listener: while it lives, the listener may be called.
using Subscription = std::shared_ptr<void>;

/// Functions to call, called far more often than added to. Thread-safe.
template <typename... Arguments>
class Listeners {
 public:
  using Listener = std::function<void(Arguments...)>;

  [[nodiscard]] Subscription add(Listener listener) {
    auto added = std::make_shared<Listener>(std::move(listener));
    const std::lock_guard lock(mutex_);
    auto more = std::make_shared<std::vector<std::weak_ptr<Listener>>>();
    for (const auto& one : *all_) {
      if (!one.expired()) more->push_back(one);
    }
    more->push_back(added);
    all_ = std::move(more);
    return added;
  }
  /// Calls each on the caller's thread, without a lock: a listener may add others.
  void call(Arguments... arguments) const {
    const auto all = current();
    for (const auto& one : *all) {
      if (const auto listener = one.lock()) (*listener)(arguments...);
    }
  }

 private:
  using All = std::vector<std::weak_ptr<Listener>>;
  std::shared_ptr<const All> current() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  mutable std::mutex mutex_;
  std::shared_ptr<const All> all_ = std::make_shared<All>();
};

}  // namespace virtscale
