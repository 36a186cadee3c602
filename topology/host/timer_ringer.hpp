// Rings the timers of one partition: appends a TimerFired to its inbox when one is due, so that time, too, comes
// through the log.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "topology/host/books.hpp"
#include "topology/host/edge_id.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// Used on `executor` only. REQUIRES: held by a shared_ptr.
class TimerRinger : public std::enable_shared_from_this<TimerRinger> {
 public:
  using Failed = std::function<void(const std::string&)>;

  TimerRinger(Log& log, TopicPartition inbox, Executor& executor, const Clock& clock, EdgeIds& ids, Failed failed);

  /// Rings what is due in `books` and wakes itself for the next. Called after each batch. `books` outlives the ringer's
  /// last call: `stop()` ends them.
  void look_at(const Books& books);
  void stop() { books_ = nullptr; }

 private:
  void ring(const DueTimer& timer);
  void wake_at(Instant due);

  Log& log_;
  TopicPartition inbox_;
  Executor& executor_;
  const Clock& clock_;
  EdgeIds& ids_;
  Failed failed_;
  const Books* books_ = nullptr;
  std::set<DueTimer> rung_;       // rung, and not folded yet
  std::optional<Instant> armed_;  // the earliest wake-up under way
};

}  // namespace virtscale
