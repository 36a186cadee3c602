// Scale events as JSON, for people and programs that ask.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stages/audit/state.hpp"

namespace virtscale::audit {

/// A list holds at most this many; an answer of them is some hundred KiB.
inline constexpr std::size_t scales_listed_max = 500;

/// Where a scale event was found.
struct FoundScale {
  std::string_view key;  ///< org/evt-…
  const schema::AuditScaleT* scale = nullptr;
  const schema::OrgLedgerT* ledger = nullptr;  ///< null before the org's first line
};

/// The org in the key of a scale event.
std::string_view org_in(std::string_view key);

/// The scale event `id` of `org`, or of any org if that is empty; nothing if it is not known (any more).
std::optional<FoundScale> find_scale(std::span<const State* const> states, std::string_view org, ScaleId id);

/// One scale event with everything that explains it.
std::string scale_json(const FoundScale& found);

/// `{"scales": […]}`: the newest `limit` of `org`, or of all orgs if that is empty, the newest first.
std::string scales_json(std::span<const State* const> states, std::string_view org, std::size_t limit);

}  // namespace virtscale::audit
