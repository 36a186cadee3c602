// The record that says what all processes on one log agree on: its layout, and the log's identity.
//
// The one thing to know: it stands in a compacted topic of one partition, under the identity as its key, so that two
// makers at once leave two records; the first one is the log's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/adapters/kafka/admin.hpp"

namespace virtscale::kafka {

struct LayoutRecord {
  LogLayout layout;
  LogIdentity identity;
};

/// A line for each field, `name value`: `format 1`, `key_hash murmur2`, `identity 8f…`, `alerts 8`, …
std::string text_of(const LayoutRecord& record);
/// The reverse. Throws LogError with the line that is not as it should be.
LayoutRecord parse_layout(std::string_view text);

/// 128 random bits, in hexadecimal digits.
LogIdentity draw_identity();

/// The record of the log; nothing if it was not written yet. Throws LogError.
std::optional<LayoutRecord> read_layout(Connection& connection, const Asker& asker);
/// Appends a record; it is the log's if none was there before. Throws LogError.
void write_layout(Connection& connection, const LayoutRecord& record);

/// Each difference between two layouts, in words: what is there first.
std::vector<std::string> differences(const LogLayout& there, const LogLayout& wanted);

}  // namespace virtscale::kafka
