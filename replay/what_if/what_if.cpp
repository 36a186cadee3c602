#include "replay/what_if/what_if.hpp"

#include <algorithm>

#include "replay/command.hpp"

namespace virtscale::replay {

WhatIf what_if(LogSource& source, std::vector<Document> documents, const WhatIfOptions& options) {
  auto past = read_past(source, options.range, options.watch);
  if (past.records == 0) throw NotFound("there is no record in this range (see `virtscale-replay verify`)");
  WhatIf result;
  result.records = past.records;
  result.first = past.first;
  result.last = past.last;
  const auto recorded = past.tally;
  OtherDocuments others(std::move(documents));
  auto changed = change_history(std::move(past), source.log->layout(), others, options.seed);
  for (const auto& [org, tally] : recorded.orgs()) result.decisions += tally.decisions.size();
  result.orgs = compare(recorded, changed.tally);
  result.moved = changed.moved;
  for (auto& modelled : changed.modelled) {
    if (std::ranges::find(result.orgs, modelled.org, &OrgComparison::org) != result.orgs.end())
      result.modelled.push_back(std::move(modelled));
  }
  return result;
}

}  // namespace virtscale::replay
