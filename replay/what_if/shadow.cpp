#include "replay/what_if/shadow.hpp"

#include <algorithm>

namespace virtscale::replay {

Shadow::Shadow(const LogSource& source, std::vector<Document> documents, ShadowOptions options)
    : reader_(source, {.from = options.from.value_or(Range().to)}),
      documents_(std::move(documents)),
      options_(std::move(options)) {}

void Shadow::follow(Log& log, Instant now) {
  reader_.read_on(log, {});
  if (!changed_) begin();
  horizon_ = std::max(horizon_, Instant{now.us - shadow_behind.us});
  changed_->go_on(horizon_);
  look();
}

void Shadow::begin() {
  reader_.go_live();
  policy_epoch_ = let_decide(options_.policy_program, reader_.past(), reader_.layout());
  changed_ = std::make_unique<ChangedHistory>(reader_, documents_, options_.seed);
  if (options_.begun) options_.begun(reader_.past().first);
}

WhatIf Shadow::end() {
  auto& past = reader_.past();
  if (!changed_) begin();
  horizon_ = std::max(horizon_, past.last);
  changed_->go_on(horizon_);
  reader_.end(horizon_);
  changed_->end(horizon_);
  ending_ = Ending::now;
  look();
  auto result = difference(past, changed_->changed());
  result.policy_epoch = policy_epoch_;
  return result;
}

void Shadow::look() {
  auto& changed = changed_->changed();
  for (; modelled_seen_ < changed.modelled.size(); ++modelled_seen_)
    modelled_since_.emplace(changed.modelled[modelled_seen_].org, changed.modelled[modelled_seen_].at);
  for (auto* tally : {&reader_.past().tally, &changed.tally}) {
    for (auto& [org, scale] : tally->take_fresh()) open_[scale] = std::move(org);
  }
  std::erase_if(open_, [&](const auto& one) {
    auto decision = compare(reader_.past().tally, changed.tally, one.second, one.first);
    if (!is_due(decision)) return false;
    tell(one.second, one.first, std::move(decision));
    return true;
  });
}

// What the recorded history has decided, the changed one may only be about to.
bool Shadow::is_due(const std::optional<ChangedDecision>& decision) const {
  if (ending_ == Ending::now || !decision || (decision->recorded && decision->changed)) return true;
  const auto decided = decision->recorded ? decision->recorded->decided : decision->changed->decided;
  return decided + shadow_grace < horizon_;
}

void Shadow::tell(const std::string& org, ScaleId scale, std::optional<ChangedDecision> decision) {
  const auto before = told_.find(scale);
  const bool is_told = before != told_.end();
  if (decision ? is_told && before->second == decision->kind : !is_told) return;
  if (decision) {
    told_[scale] = decision->kind;
  } else {
    told_.erase(before);
  }
  const auto since = modelled_since_.find(org);
  const bool modelled =
      since != modelled_since_.end() && decision && decision->changed && since->second < decision->changed->decided;
  if (options_.told) options_.told({org, scale, std::move(decision), modelled});
}

}  // namespace virtscale::replay
