// Records of another log in the segment format: each keeps its offset and its timestamp.
//
// The one thing to know: it is one segment, written whole, and opened by open_segment_log_to_read like any other log.
#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "replay/causes.hpp"

namespace virtscale::replay {

/// A segment's places have 32 bits.
inline constexpr std::uint64_t segment_file_bytes_max = 2ULL << 30U;

/// Makes `directory` with a log of these records, in this order. `begins` are the offsets before which this log has
/// nothing, for each partition of the layout that does not begin at 0. REQUIRES: offsets ascend within each partition.
/// Throws LogError for what cannot be written, or is too large.
void write_segment_log(const std::filesystem::path& directory, const LogLayout& layout,
                       const std::map<TopicPartition, std::uint64_t>& begins, const std::vector<KeptRecord>& records);

}  // namespace virtscale::replay
