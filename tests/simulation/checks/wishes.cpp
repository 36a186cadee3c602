#include "tests/simulation/checks/wishes.hpp"

#include "tests/simulation/checks/books.hpp"

namespace virtscale::simulation {

void Wishes::note_alert(const Recorded& record) {
  const std::pair at{record.from.partition, record.offset};
  if (const auto* raised = record.event->body_as_AlertRaised())
    causes_[at] = "the alert " + record.key + "/" + raised->fingerprint()->str() + " of " +
                  std::to_string(raised->starts_at_us());
  if (const auto* due = record.event->body_as_ScheduleDue())
    causes_[at] = "the schedule " + record.key + " " + due->cron()->str() + " " + due->zone()->str() + " of " +
                  std::to_string(due->due_us());
  // A rule that was taken out and put in again is another one: its instants count anew.
  if (record.event->body_as_ServiceApplied() != nullptr)
    std::erase_if(applied_, [&](const auto& one) { return one.first.starts_with("the schedule " + record.key + " "); });
  if (record.event->body_as_ScaleRequested() != nullptr) causes_[at] = "the request " + place_of(record);
}

void Wishes::note_signal(const Recorded& record) {
  if (record.event->body_as_ScaleWanted() == nullptr) return;
  const auto& id = record.event->header()->id();
  // What a timer or a document applies again has a cause of another kind.
  const auto cause = causes_.find({id.partition(), id.offset()});
  if (cause == causes_.end()) return;
  const auto [first, is_new] = applied_.emplace(cause->second, place_of(record));
  if (!is_new)
    story_.violated("what comes twice is applied once",
                    cause->second + " is applied at " + first->second + " and at " + place_of(record));
}

}  // namespace virtscale::simulation
