// The worlds that the conformance suite runs in: one for each implementation of the log.
//
// The one thing to know: another log joins by one more file beside this one that instantiates `LogConformance`, and
// `PersistentLogConformance` if it keeps what it got, with its world.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// One log, empty at first, that can be opened again and again, by one opener at a time.
class LogWorld {
 public:
  virtual ~LogWorld() = default;
  virtual std::unique_ptr<Log> open(const LogLayout& layout, const Clock& clock) = 0;
};

struct NamedWorld {
  std::string name;
  std::function<std::unique_ptr<LogWorld>()> make;
};

class LogConformance : public testing::TestWithParam<NamedWorld> {
 protected:
  LogConformance() : world_(GetParam().make()) { log_ = world_->open(layout_, clock_); }
  void reopen() {
    log_.reset();
    log_ = world_->open(layout_, clock_);
  }

  LogLayout layout_{.partitions = {3, 2, 1, 1, 1, 1, 1}};
  ManualClock clock_{Instant{1'000'000}};
  std::unique_ptr<LogWorld> world_;
  std::unique_ptr<Log> log_;
};

/// For logs that are the same log when they are opened again.
class PersistentLogConformance : public LogConformance {};

}  // namespace virtscale
