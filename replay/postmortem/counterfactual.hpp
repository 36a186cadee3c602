// What another contract would have decided: the gate of policy asked again, with other terms.
//
// The one thing to know: it is the gate alone, at the usage of that moment. How a history would have gone on under
// another contract is what `virtscale-replay what-if` folds.
#pragma once

#include "replay/postmortem/case.hpp"
#include "replay/postmortem/document.hpp"

namespace virtscale::replay {

/// The decision under each overage on offer, with the quota as it was, and the smallest quota that would have admitted
/// a refused scale. A sentence where no contract was asked: a scale in, or no contract.
std::vector<Block> counterfactual_of(const LineAt& line);

}  // namespace virtscale::replay
