// The sections of a postmortem that are derived from the log, each sentence with its place.
#pragma once

#include "replay/postmortem/case.hpp"
#include "replay/postmortem/document.hpp"

namespace virtscale::replay {

/// What happened, in a few sentences for each line.
std::vector<Block> summary_facts(const Case& of);
/// What was missing for how long, what was refused, and whether the owner was told.
std::vector<Block> impact_facts(const Case& of);
/// How the signal was seen, and how long each part of the loop took.
std::vector<Block> time_facts(const Case& of);
/// Record by record for one scale event, line by line for several.
std::vector<Block> timeline_facts(const Case& of);
/// Projections, placements, and what other contracts would have decided.
std::vector<Block> decision_facts(const Case& of);
/// Contracts, versions of the folds, and documents that were applied in the day before.
std::vector<Block> rule_facts(const Case& of);

}  // namespace virtscale::replay
