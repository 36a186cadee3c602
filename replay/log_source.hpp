// Where the records come from: an embedded data directory, a capsule, an archive, or a Kafka cluster; all read alike.
//
// The one thing to know: nothing is ever written to it, and what is read is the log as it was when it was opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "topology/ports/log.hpp"

namespace virtscale::replay {

/// What the order of two records in different partitions says.
enum class LogOrder : std::uint8_t {
  total,  ///< one sequence for all topics: a cause stands before what it caused, and an append is whole or absent
  by_partition,  ///< each partition by itself; timestamps of different partitions may disagree
};

/// The directory of an index beside a log.
inline constexpr const char* index_name = "replay-index";

/// A log that is open to read.
struct LogSource {
  std::shared_ptr<const void> unpacked{};  ///< the files of a capsule: they live as long as this
  std::unique_ptr<Log> log;
  LogOrder order = LogOrder::total;
  std::filesystem::path keys;       ///< where public keys stand beside it; empty: nowhere
  std::filesystem::path snapshots;  ///< the state before the first record (snapshot.hpp); empty: there is none
  std::filesystem::path index{};    ///< where an index of states stands beside it (index/); empty: there is none
};

/// Settings of librdkafka, for a cluster that asks for SASL or TLS.
using KafkaProperties = std::map<std::string, std::string>;

/// `where` is `kafka:HOST:PORT,…` (then `/PREFIX`, if its topics' names have one), or the file of a capsule, or a
/// directory: one with the *.segment files (an archive), or one that has them in `log/` (the data directory of
/// `virtscale up`, a capsule that was unpacked). Keys are `keys/`, snapshots `snapshot/` and an index
/// `replay-index/` beside them. What has a manifest (capsule_file.hpp) is checked against it. Throws LogError, which
/// says what is there and what to name instead, and CapsuleError.
LogSource open_log_source(const std::string& where, const KafkaProperties& properties = {});

}  // namespace virtscale::replay
