// Counts ledger lines for the metrics, as they are published: decisions, refusals, and when each step was reached.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>

#include "topology/ports/log.hpp"
#include "topology/ports/metrics.hpp"

namespace virtscale::audit {

/// Thread-safe.
class LineMetrics {
 public:
  /// `partitions` of audit's inbox. `metrics` outlives it.
  LineMetrics(Metrics& metrics, std::uint32_t partitions) : metrics_(metrics), partitions_(partitions) {}

  /// From now on the lines of orgs in these partitions are counted, and no others.
  void own(std::set<std::uint32_t> partitions);
  /// A record of the topic `ledger`. What cannot be read is not counted.
  void take(const LogRecord& record);

 private:
  bool is_ours(std::string_view org);

  Metrics& metrics_;
  std::uint32_t partitions_;
  std::mutex mutex_;
  std::set<std::uint32_t> owned_;
};

}  // namespace virtscale::audit
