// What is different: the decisions of the recorded history beside those of the changed one, for each org.
//
// The one thing to know: decisions are matched by scale event. A decision is changed if it is another one (admitted or
// refused), if it ends with another number of replicas, or if only one history has it; a refusal in other words is not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/what_if/change.hpp"

namespace virtscale::replay {

enum class ChangeKind : std::uint8_t {
  admitted_now,  ///< refused as recorded, admitted now
  refused_now,   ///< the reverse
  resized,       ///< admitted in both, to another number of replicas
  new_one,       ///< only the changed history has it
  gone,          ///< only the recorded history has it
};
/// Such as `now admitted`, for people.
std::string_view text_of(ChangeKind kind);
/// Such as `refused_to_admitted`, for machines.
std::string_view name_of(ChangeKind kind);

struct ChangedDecision {
  ScaleId scale;
  ChangeKind kind{};
  std::optional<TalliedDecision> recorded;
  std::optional<TalliedDecision> changed;
};

struct OrgComparison {
  std::string org;
  std::vector<ChangedDecision> decisions;  ///< by time
  OrgTally recorded;                       ///< figures; its decisions are those that did not change, too
  OrgTally changed;
};

/// The decision of one org about this scale event in either history; `kind` is set by it. Nothing if both say the same.
std::optional<ChangedDecision> compare(const Tally& recorded, const Tally& changed, const std::string& org,
                                       ScaleId scale);

/// Orgs with at least one changed decision.
std::vector<OrgComparison> compare(const Tally& recorded, const Tally& changed);

}  // namespace virtscale::replay
