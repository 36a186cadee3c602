// Copies: events that stand in the log a second time, as a restart leaves them.
//
// The one thing to know: who folds an inbox knows its copies by their lane numbers. On a topic that nobody folds the
// same numbers are counted here, from the middle of the log on; an event that was caused before that may be a copy of
// one that is not looked at, so its first is looked up.
#pragma once

#include <map>
#include <tuple>

#include "replay/refold.hpp"

namespace virtscale::replay {

class Copies {
 public:
  /// `begins` are the offsets of the inboxes from which records are looked at. `log` outlives this.
  Copies(Log& log, std::map<TopicPartition, std::uint64_t> begins) : log_(log), begins_(std::move(begins)) {}

  /// Whether the record is a copy; asked of each record once, in its order, after it was folded. `refold` is null if
  /// nobody folds it. Throws LogError.
  bool has(const LogRecord& record, const Step& step, const Refold* refold);

 private:
  Log& log_;
  const std::map<TopicPartition, std::uint64_t> begins_;
  std::map<std::tuple<TopicPartition, Source, std::uint32_t>, std::uint64_t> last_;  // lane numbers
};

}  // namespace virtscale::replay
