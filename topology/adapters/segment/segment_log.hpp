// SegmentLog: the embedded log. One sequence of append-only segment files for all topics, group-committed.
//
// The one thing to know: a batch, that is what one `append` got, is recovered whole or not at all, and a crash leaves a
// prefix of the log, never an event without its cause. The bytes on disk are described in README.md.
#pragma once

#include <filesystem>
#include <memory>

#include "topology/ports/clock.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// How a log is opened or made.
struct SegmentLogOptions {
  std::filesystem::path directory{};  ///< made if it is absent
  LogLayout layout{};                 ///< must be the one that the log was made with
  const Clock* clock = nullptr;       ///< REQUIRED; must outlive the log
  /// A segment ends before it would grow beyond this; 4 KiB to 2 GiB. A larger batch gets a segment of its own.
  std::uint64_t segment_bytes_max = 128ULL << 20U;
  /// Memory for the newest durable batches; those that are not durable yet (32 MiB at most) come on top.
  std::size_t hot_bytes_max = 32ULL << 20U;
};

/// What was found at the opening.
struct RecoveryReport {
  std::uint32_t segments = 0;
  std::uint64_t records = 0;       ///< in all of them
  std::uint64_t bytes_cut = 0;     ///< of a torn tail: they were written, and never confirmed to be durable
  std::uint32_t indexes_made = 0;  ///< indexes of sealed segments that were absent or damaged, and made again
  std::string reason;              ///< why bytes were cut, and where; empty if none were
};

struct OpenedSegmentLog {
  std::unique_ptr<Log> log;  ///< a SequentialLog, if it was opened to read
  RecoveryReport recovery;
};

/// Opens the log in a directory, or makes it, and holds the directory's lock until the log is destroyed. The
/// destruction syncs what was appended. Throws LogError: another process has it, another layout (the difference is
/// named), damage (file and byte are named), no permission, a full disk.
OpenedSegmentLog open_segment_log(const SegmentLogOptions& options);

/// Opens a log, a capsule or an archive to read only, as it is at this moment: no lock, nothing is changed, a process
/// may be appending to it. `append`, `commit` and `sync` throw LogError; listeners are never called. Throws LogError.
OpenedSegmentLog open_segment_log_to_read(const std::filesystem::path& directory);

}  // namespace virtscale
