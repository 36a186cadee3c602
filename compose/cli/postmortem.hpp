// `virtscale postmortem`: which drafts the system knows, and by when they are due.
//
// The one thing to know: a document stays a file of its writers. What is sent is its name, its SHA-256, and what its
// own head says, so that a later edit shows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compose/cli/commands.hpp"

namespace virtscale::cli {

/// A postmortem's Markdown; the drafts of `virtscale-replay` have some hundreds of kilobytes with a thousand records.
inline constexpr std::size_t postmortem_bytes_max = std::size_t{16} << 20;

/// What the head of a draft says, the table before its first section.
struct PostmortemHead {
  std::string org;
  std::string event;     ///< empty for a draft about several
  std::string due;       ///< YYYY-MM-DD
  std::string calendar;  ///< empty for none
  std::string status;
};
/// Nothing if a row is missing that must be there: Org, Due or Status.
std::optional<PostmortemHead> read_head(std::string_view markdown);

/// A place that is still to be written.
struct OpenPlace {
  std::size_t line = 1;
  std::string text;
};
/// The first: a passage or cell that says `to be written`, or the status `Draft`. Nothing if there is none.
std::optional<OpenPlace> first_open_place(std::string_view markdown);

/// `due`, `done` or `overdue`: `state` as the server has it, `due` and `today` as YYYY-MM-DD.
std::string_view standing_of(std::string_view state, std::string_view due, std::string_view today);

/// `postmortem add FILE...`: makes drafts known, or new contents of drafts that are.
Exit postmortem_add(const Context& context, const std::vector<std::string>& files);
/// `postmortem close FILE...`: closes those that are written; refuses a file with something still to be written.
Exit postmortem_close(const Context& context, const std::vector<std::string>& files);
/// `postmortem list`: of one org, or of all if `org` is empty; overdue first, then by the day when they are due.
Exit postmortem_list(const Context& context, const std::string& org);

}  // namespace virtscale::cli
