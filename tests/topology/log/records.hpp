// Short ways to append to a log and to read from it, for tests.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "topology/ports/log.hpp"

namespace virtscale {

/// A record that was read, with bytes of its own.
struct ReadRecord {
  std::uint64_t offset = 0;
  std::int64_t timestamp_us = 0;
  Ticket ticket = 0;
  std::string key;
  std::string value;
};

inline Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Appends the values to one partition in one batch, under the key "key".
inline Ticket append(Log& log, TopicPartition to, const std::vector<std::string>& values) {
  std::vector<LogAppend> batch;
  for (const std::string& value : values) batch.push_back({to, "key", bytes_of(value)});
  return log.append(batch);
}

inline std::vector<ReadRecord> read_records(Log& log, TopicPartition from, std::uint64_t offset = 0,
                                            std::size_t records_max = std::numeric_limits<std::size_t>::max()) {
  std::vector<ReadRecord> records;
  log.read(from, offset, records_max, [&](const LogRecord& record) {
    const char* const value = reinterpret_cast<const char*>(record.value.data());
    records.push_back({record.offset, record.timestamp.us, record.ticket, std::string(record.key),
                       std::string(value, record.value.size())});
    return true;
  });
  return records;
}

inline std::vector<std::string> read_values(Log& log, TopicPartition from, std::uint64_t offset = 0) {
  std::vector<std::string> values;
  for (const ReadRecord& record : read_records(log, from, offset)) values.push_back(record.value);
  return values;
}

}  // namespace virtscale
