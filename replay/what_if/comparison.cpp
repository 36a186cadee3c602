#include "replay/what_if/comparison.hpp"

#include <algorithm>

namespace virtscale::replay {
namespace {

using Decisions = std::map<ScaleId, TalliedDecision>;

std::optional<TalliedDecision> find(const Decisions& decisions, ScaleId scale) {
  const auto found = decisions.find(scale);
  return found == decisions.end() ? std::nullopt : std::optional(found->second);
}

std::optional<ChangeKind> kind_of(const ChangedDecision& decision) {
  if (!decision.recorded) return ChangeKind::new_one;
  if (!decision.changed) return ChangeKind::gone;
  if (decision.recorded->admitted != decision.changed->admitted)
    return decision.changed->admitted ? ChangeKind::admitted_now : ChangeKind::refused_now;
  if (decision.changed->admitted && decision.recorded->to != decision.changed->to) return ChangeKind::resized;
  return std::nullopt;
}

Instant time_of(const ChangedDecision& decision) {
  return decision.recorded ? decision.recorded->decided : decision.changed->decided;
}

std::vector<ChangedDecision> changed_decisions(const Decisions& recorded, const Decisions& changed) {
  std::set<ScaleId> scales;
  for (const auto* decisions : {&recorded, &changed}) {
    for (const auto& [scale, decision] : *decisions) scales.insert(scale);
  }
  std::vector<ChangedDecision> all;
  for (const auto scale : scales) {
    ChangedDecision decision{scale, {}, find(recorded, scale), find(changed, scale)};
    const auto kind = kind_of(decision);
    if (!kind) continue;
    decision.kind = *kind;
    all.push_back(std::move(decision));
  }
  std::ranges::stable_sort(all, {}, time_of);
  return all;
}

OrgTally tally_of(const Tally& tally, const std::string& org) {
  const auto found = tally.orgs().find(org);
  return found == tally.orgs().end() ? OrgTally{} : found->second;
}

std::optional<TalliedDecision> find(const Tally& tally, const std::string& org, ScaleId scale) {
  const auto found = tally.orgs().find(org);
  return found == tally.orgs().end() ? std::nullopt : find(found->second.decisions, scale);
}

}  // namespace

std::string_view text_of(ChangeKind kind) {
  constexpr std::string_view texts[] = {"now admitted", "now refused", "other replicas", "new", "gone"};
  return texts[static_cast<std::size_t>(kind)];
}

std::string_view name_of(ChangeKind kind) {
  constexpr std::string_view names[] = {"refused_to_admitted", "admitted_to_refused", "other_replicas", "new", "gone"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<ChangedDecision> compare(const Tally& recorded, const Tally& changed, const std::string& org,
                                       ScaleId scale) {
  ChangedDecision decision{scale, {}, find(recorded, org, scale), find(changed, org, scale)};
  const auto kind = kind_of(decision);
  if (!kind) return std::nullopt;
  decision.kind = *kind;
  return decision;
}

std::vector<OrgComparison> compare(const Tally& recorded, const Tally& changed) {
  std::set<std::string> orgs;
  for (const auto* tally : {&recorded, &changed}) {
    for (const auto& [org, figures] : tally->orgs()) orgs.insert(org);
  }
  std::vector<OrgComparison> all;
  for (const auto& org : orgs) {
    OrgComparison one{org, {}, tally_of(recorded, org), tally_of(changed, org)};
    one.decisions = changed_decisions(one.recorded.decisions, one.changed.decisions);
    if (!one.decisions.empty()) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace virtscale::replay
