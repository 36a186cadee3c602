#include "replay/what_if/what_if.hpp"

#include <algorithm>

#include "replay/command.hpp"
#include "replay/snapshot.hpp"
#include "replay/what_if/foreign_policy.hpp"

namespace virtscale::replay {

std::uint32_t let_decide(const std::string& program, Past& past, const LogLayout& layout) {
  std::uint32_t epoch = 0;
  if (program.empty()) return epoch;
  for (auto& [inbox, refold] : past.begun) {
    if (refold->stage() != Source::policy) continue;
    auto foreign = make_foreign_policy(program, inbox.partition, layout);
    copy_state(*refold, *foreign);
    epoch = foreign_epoch(*foreign);
    refold = std::move(foreign);
  }
  return epoch;
}

WhatIf difference(const Past& recorded, Changed& changed) {
  WhatIf result;
  result.records = recorded.records;
  result.first = recorded.first;
  result.last = recorded.last;
  for (const auto& [org, tally] : recorded.tally.orgs()) result.decisions += tally.decisions.size();
  result.orgs = compare(recorded.tally, changed.tally);
  result.moved = changed.moved;
  for (auto& modelled : changed.modelled) {
    if (std::ranges::find(result.orgs, modelled.org, &OrgComparison::org) != result.orgs.end())
      result.modelled.push_back(std::move(modelled));
  }
  return result;
}

WhatIf what_if(LogSource& source, std::vector<Document> documents, const WhatIfOptions& options) {
  PastReader reader(source, options.range);
  reader.read_on(*source.log, options.watch);
  auto& past = reader.past();
  if (past.records == 0) throw NotFound("there is no record in this range (see `virtscale-replay verify`)");
  reader.end(past.last);
  const auto epoch = let_decide(options.policy_program, past, reader.layout());
  OtherDocuments others(std::move(documents));
  ChangedHistory changed(reader, others, options.seed);
  changed.go_on(past.last);
  changed.end(past.last);
  auto result = difference(past, changed.changed());
  result.policy_epoch = epoch;
  return result;
}

}  // namespace virtscale::replay
