// Somebody else on the cluster: what a test does there without Virtscale.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace virtscale {

/// Appends the values to partition 0 in one transaction, and commits or aborts it.
enum class Outcome { committed, aborted };
void append_in_transaction(const std::string& bootstrap, const std::string& topic,
                           const std::vector<std::string>& values, Outcome outcome);
/// Deletes the records of partition 0 before the offset.
void delete_records(const std::string& bootstrap, const std::string& topic, std::int64_t before);
/// Sets one setting of a topic; the broker goes by it when this returns.
void alter_topic(const std::string& bootstrap, const std::string& topic, const std::string& name,
                 const std::string& value);

}  // namespace virtscale
