// How fast this machine's disk takes the bytes of appends, and how near the embedded log comes to that.
//
// The one thing to know: `raw` is the same number of bytes, written and synced in groups as large as the log's own
// largest, with nothing else done; no log on this disk can be faster for long.
#pragma once

#include <cstddef>
#include <filesystem>

namespace virtscale::bench {

/// What is appended: `records` of `value_bytes` each, `batch` of them in one append.
struct AppendLoad {
  std::size_t records = 500'000;
  std::size_t batch = 100;
  std::size_t value_bytes = 256;
};

/// Records per second.
struct AppendLimit {
  double raw = 0;        ///< write and fdatasync alone
  double appended = 0;   ///< by one thread, until the last append returned
  double durable = 0;    ///< by one thread, until the last record was durable
  double read = 0;       ///< by one thread at the tail, from memory
  double read_cold = 0;  ///< by one thread from files, checksums included, after the log was opened again
  double lone_us = 0;    ///< microseconds from a lone append until it is durable, median
};

/// Makes two files' worth of data below `directory`, and removes them again. Throws LogError when the disk is full.
AppendLimit measure_append_limit(const std::filesystem::path& directory, const AppendLoad& load);

}  // namespace virtscale::bench
