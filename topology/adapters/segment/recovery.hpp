// Opening a log that is there: reads the indexes of the sealed segments, scans the last one, and tells a torn tail from
// damage.
//
// The one thing to know: only what no sync has ever confirmed may be torn, and only that is cut off. A batch is known
// to be durable if the file `durable` says so, or if any later batch does. A flaw at or before such a batch is damage,
// and an error; nothing is skipped.
#pragma once

#include "topology/adapters/segment/segment_log.hpp"
#include "topology/adapters/segment/tape.hpp"

namespace virtscale::segment {

/// Whether recovery may change the files: an owner cuts a torn tail off, a reader only looks past it.
enum class Repair { cut, none };

/// A log as it was found.
struct Recovered {
  LogPlace place;
  TapeStart start;
  std::vector<std::shared_ptr<const SealedIndex>> sealed;
  std::vector<std::vector<Run>> runs;  ///< of the last segment, by slot
  RecoveryReport report;
};

/// Nothing if the directory holds no log. Throws LogError for damage and for what cannot be read.
/// REQUIRES: with `Repair::cut`, the lock of the directory.
std::optional<Recovered> recover(const std::filesystem::path& directory, Repair repair);

/// Makes the first segment of a new log, durably.
Recovered create(const std::filesystem::path& directory, const LogLayout& layout);

}  // namespace virtscale::segment
