// Who waits for which answer on `outcomes`: an edge that has appended a request waits here until the fold's decision is
// durable, or its time is up.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "schemas/codec.hpp"
#include "topology/contract/event.hpp"
#include "topology/ports/clock.hpp"

namespace virtscale::signal {

/// How long a caller waits for a decision.
inline constexpr Duration answer_patience = seconds(10);
/// Callers that may wait at once; each holds a connection, a few hundred bytes, and its place here.
inline constexpr std::size_t waiting_max = 100'000;

/// Thread-safe. Callbacks run on the thread that brought the answer, or on the executor, never under a lock.
class Answers : public std::enable_shared_from_this<Answers> {
 public:
  /// The record that answers, borrowed for the call; null if none came in time.
  using Answered = std::function<void(const schema::Event*)>;

  /// `executor` must outlive this.
  explicit Answers(Executor& executor) : executor_(executor) {}

  /// Calls `answered` once, with the record whose `answers` is `request`. Expect before the request is appended. False,
  /// and nothing is kept, if `waiting_max` wait already.
  bool expect(EventId request, Answered answered);
  /// Gives up. False if `answered` was called, or is about to be.
  bool withdraw(EventId request);
  /// Forgets all who wait, uncalled: what they hold may hold this.
  void let_go();
  /// A durable record of `outcomes`.
  void arrived(const schema::Event& event);

 private:
  // Time is counted in ticks of the executor, so that one timer serves all who wait.
  static constexpr Duration tick = milliseconds(500);
  static constexpr std::uint64_t patience_ticks = static_cast<std::uint64_t>(answer_patience.us / tick.us) + 1;

  void arm();
  void ticked();
  Answered take(EventId request);

  Executor& executor_;
  std::mutex mutex_;
  std::map<EventId, Answered> waiting_;
  std::deque<std::pair<std::uint64_t, EventId>> deadlines_;  // in order; those answered before are skipped
  std::uint64_t ticks_ = 0;
  enum class Timer : std::uint8_t { resting, armed } timer_ = Timer::resting;
};

}  // namespace virtscale::signal
