// Asks about groups, and asks again until there is an answer.
//
// The one thing to know: 2.0.2 remembers for good which broker coordinates a group, and crashes where a client that is
// of no group itself, such as a producer, is told that this has changed (librdkafka issue 5040). So the client here is
// a consumer, and one that did not get an answer is replaced.
#pragma once

#include <memory>
#include <mutex>
#include <thread>

#include "topology/adapters/kafka/admin.hpp"

namespace virtscale::kafka {

/// Thread-safe.
class GroupAsker {
 public:
  /// Throws LogError if librdkafka makes no client. `connection` outlives it.
  explicit GroupAsker(Connection& connection);

  /// What `question(const Asker&, Within)` returns, as soon as it does not throw LogError; rethrows that after
  /// `within`.
  template <typename Question>
  auto ask(Within within, Question question) {
    const auto until = std::chrono::steady_clock::now() + within;
    for (;; std::this_thread::sleep_for(retry_every)) {
      const auto asking = current();
      try {
        return question(Asker{connection_, *asking->client}, attempt_max);
      } catch (const LogError&) {
        if (std::chrono::steady_clock::now() + retry_every > until) throw;
        replace(asking);
      }
    }
  }

  /// Takes what librdkafka has to tell about the client itself. To be called now and then.
  void serve();

 private:
  static constexpr Within retry_every{50};
  static constexpr Within attempt_max{2'000};

  struct Asking {
    Ears ears;
    Client client;
  };
  std::shared_ptr<Asking> current();
  std::shared_ptr<Asking> open();
  void replace(const std::shared_ptr<Asking>& asking);

  Connection& connection_;
  std::mutex mutex_;
  std::shared_ptr<Asking> asking_;
};

}  // namespace virtscale::kafka
