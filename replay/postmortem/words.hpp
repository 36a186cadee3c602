// The words of a postmortem: records and figures as people read them. Stages and parts are named, never persons.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/postmortem/case.hpp"

namespace virtscale::replay {

/// Shorter durations are told in milliseconds: in seconds nothing would be left of them.
inline constexpr Duration milliseconds_below = milliseconds(10);
/// `51.939 s`, `0.409 ms`.
std::string seconds_text(std::int64_t us);
/// `2026-04-21 02:14:00.122` and `02:14:00.122`, in UTC.
std::string moment_text(Instant at);
std::string time_text(Instant at);
/// Thousandths as a decimal number: `72`, `0.5`.
std::string milli_text(std::int64_t milli);
/// `1 domain`, `3 domains`.
std::string count_text(std::int64_t count, std::string_view noun);

/// What a record says, in a sentence without its end; the event's name and fields for those without words of their own.
std::string phrase_of(const TracedRecord& record);
/// Who wrote it: a stage, or `outside`.
std::string author_of(const TracedRecord& record);

/// `outcomes/0@25`; and of a line `line 2` before it.
std::vector<std::string> cites(const RecordPlace& at);
std::vector<std::string> cites(const LineAt& line);

}  // namespace virtscale::replay
