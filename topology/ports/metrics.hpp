// Metrics: what a process counts about itself, for GET /metrics.
//
// The one thing to know: counting never blocks, never fails and never decides. No fold sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "topology/contract/units.hpp"

namespace virtscale {

/// How an effect ended for good.
enum class EffectEnd : std::uint8_t { succeeded, failed };

/// The counts of one partition of one stage. Thread-safe. Lives as long as the `Metrics` that gave it.
class StageMetrics {
 public:
  virtual ~StageMetrics() = default;
  /// A batch of `records` was folded, which took `fold_time` in all. A batch of none is not counted.
  virtual void batch_folded(std::size_t records, Duration fold_time) = 0;
  /// This many records of the inbox are not folded yet.
  virtual void lag(std::uint64_t records) = 0;
  /// An effect was handed to its driver. Pairs with `effect_ended`.
  virtual void effect_started() = 0;
  virtual void effect_ended(EffectEnd end) = 0;
  /// Attempts beyond the first of an effect.
  virtual void effects_retried(std::uint32_t attempts) = 0;
  /// Records that went to `deadletters`.
  virtual void dead_lettered(std::size_t records) = 0;
  /// Records that were copies, seen by their lane number.
  virtual void duplicates_dropped(std::size_t records) = 0;
};

/// What an org has of one dimension, in the dimension's unit: mvcpu, MiB, GiB.
struct OrgUsage {
  std::string org;
  std::string_view dimension;
  std::int64_t envelope = 0;
  std::int64_t committed = 0;
  std::int64_t reserved = 0;
};
/// More usages than these are not shown: each is three lines of every scrape.
inline constexpr std::size_t usages_max = 3'000;

/// How long after the signal a scale event was at a step.
struct StepTime {
  std::string_view step;
  Duration since_signal;
};

/// A ledger line, as it is counted.
struct LineWritten {
  std::string_view org;
  std::string_view decision;   ///< admitted, refused or failed
  std::string_view dimension;  ///< that binds; empty unless the contract refused
  std::span<const StepTime> steps;
};

/// All counts of one process. Thread-safe.
class Metrics {
 public:
  virtual ~Metrics() = default;
  /// The counts of this partition of `stage`, made at the first call. Valid as long as this object.
  virtual StageMetrics& stage(std::string_view stage, std::uint32_t partition) = 0;
  /// Replaces all usages that were shown before.
  virtual void usages(std::span<const OrgUsage> all) = 0;
  virtual void line_written(const LineWritten& line) = 0;
  /// Everything in Prometheus' text format 0.0.4, for `Content-Type: text/plain; version=0.0.4`.
  virtual std::string render() const = 0;
};

}  // namespace virtscale
