// Rings the timers of one partition: appends a TimerFired to its inbox when one is due, so that time, too, comes
// through the log.
//
// The one thing to know: who decides whether a timer is due is the fold, by stream time. A ring that came early by the
// log's clock is dropped there, so what stays set is rung again, after 1, 2, 4, ... seconds.
#pragma once

#include <functional>
#include <map>
#include <memory>

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
  void look_after_rung();
  void wake_at(Instant due);

  Log& log_;
  TopicPartition inbox_;
  Executor& executor_;
  const Clock& clock_;
  EdgeIds& ids_;
  Failed failed_;
  const Books* books_ = nullptr;
  std::map<DueTimer, std::uint32_t> rung_;  // rung, and still set; for so many looks
  bool looks_after_rung_ = false;
  std::optional<Instant> armed_;  // the earliest wake-up under way
};

}  // namespace virtscale
