// A snapshot: the state of one partition of one stage in a file, so that a refold can begin in the middle of a history.
//
// The one thing to know: it stands for all records below `next_offset` of the inbox; what a snapshot and the records
// behind it give is, to the byte, what all records would have given.
#pragma once

#include <filesystem>
#include <functional>
#include <stdexcept>

#include "replay/refold.hpp"

namespace virtscale::replay {

/// A snapshot cannot be written or read; the message names the file and what to do.
class SnapshotError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A row's key or value has at most so many bytes; far above any of ours.
inline constexpr std::size_t snapshot_row_bytes_max = 64U << 20U;

/// The file of a partition's snapshot below `directory`: `<stage>-<partition>.rows`.
std::filesystem::path snapshot_file(const std::filesystem::path& directory, const Refold& refold);

/// Writes all rows of the refold's tables. Throws SnapshotError.
void write_snapshot(const std::filesystem::path& directory, Refold& refold);

/// Fills a refold that has folded nothing; without a file, or with an empty `directory`, it stays as it is. Throws
/// SnapshotError for a file that is damaged or of other tables.
void load_snapshot(const std::filesystem::path& directory, Refold& refold);

/// Gives `to` the rows of `from`, of the same stage and partition, which may have folded on since. REQUIRES: `to` has
/// folded nothing.
void copy_state(Refold& from, Refold& to);

/// Visits what the refold has last given to each partition of a topic.
void each_lane_given(Refold& refold,
                     const std::function<void(TopicPartition target, const schema::LaneGivenT& last)>& visit);

}  // namespace virtscale::replay
