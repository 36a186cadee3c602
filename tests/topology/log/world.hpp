// The worlds that the conformance suite runs in: one for each implementation of the log.
//
// The one thing to know: another log joins by one more file that instantiates `LogConformance` with its world,
// `PersistentLogConformance` if it keeps what it got, and `EmbeddedLogConformance` if nobody else appends to it.
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
  /// What is appended from now on has a later timestamp.
  virtual void pass_time(ManualClock& clock) { clock.set(clock.now() + seconds(10)); }
};

struct NamedWorld {
  std::string name;
  std::function<std::unique_ptr<LogWorld>()> make;  ///< makes nothing if what the world needs is not at hand
};

class LogConformance : public testing::TestWithParam<NamedWorld> {
 protected:
  LogConformance() : world_(GetParam().make()) {}
  void SetUp() override {
    if (!world_) GTEST_SKIP() << GetParam().name << " is not at hand";
    log_ = world_->open(layout_, clock_);
  }
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

/// For logs that are this process's alone: they take its clock, and show records before they are durable.
class EmbeddedLogConformance : public LogConformance {};

}  // namespace virtscale
