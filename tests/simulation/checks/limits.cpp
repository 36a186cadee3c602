#include "tests/simulation/checks/limits.hpp"

#include <algorithm>

namespace virtscale::simulation {

void Limits::note_decision(const Recorded& record) {
  const auto* admission = record.event->body_as_ScaleAdmitted();
  if (admission == nullptr) return;
  const auto* spec = admission->spec();
  documents_[{record.event->header()->scale()}] = {spec->replicas_min(), spec->replicas_max(), spec->cooldown_out_us(),
                                                   spec->cooldown_in_us()};
}

void Limits::note_outcome(const Recorded& record) {
  const auto* decided = record.event->body_as_ScaleDecided();
  if (decided == nullptr || decided->decision() != schema::Decision::admitted || decided->to() == decided->from())
    return;
  changes_[record.event->org()->str() + "/" + decided->service()->str()].push_back(
      {{record.event->header()->scale()}, decided->kind(), decided->decided_at_us(), decided->from(), decided->to()});
}

void Limits::judge() {
  for (const auto& [service, changes] : changes_) {
    Rest rest;
    for (const auto& change : changes) {
      const auto document = documents_.find(change.scale);
      if (document != documents_.end()) judge(service, change, document->second, rest);
    }
  }
}

void Limits::judge(const std::string& service, const Change& change, const Document& document, Rest& rest) {
  if (change.to < document.min || change.to > document.max)
    story_.violated("a service keeps its bounds",
                    service + " goes to " + std::to_string(change.to) + " by " + to_string(change.scale) +
                        ", and may have " + std::to_string(document.min) + " to " + std::to_string(document.max));
  const bool grows = change.to > change.from;
  const auto since = grows ? rest.last_out_us : std::max(rest.last_out_us, rest.last_in_us);
  const auto cooldown = grows ? document.cooldown_out_us : document.cooldown_in_us;
  if (change.kind == schema::SignalKind::alert && since != 0 && change.at_us - since < cooldown)
    story_.violated("an alert waits for the cooldown", service + " changes by " + to_string(change.scale) + " " +
                                                           std::to_string(change.at_us - since) + " us after a change");
  (grows ? rest.last_out_us : rest.last_in_us) = change.at_us;
}

}  // namespace virtscale::simulation
