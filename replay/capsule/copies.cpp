#include "replay/capsule/copies.hpp"

#include "replay/causes.hpp"
#include "schemas/codec.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {

bool Copies::has(const LogRecord& record, const Step& step, const Refold* refold) {
  if (refold != nullptr) return step.fate == Fate::duplicate || step.fate == Fate::unasked;
  const auto* event = schema::verify_event(record.value);
  const auto id = event == nullptr ? EventId{} : id_of(event->header()->id());
  const auto cause = cause_of(id);
  if (!cause) return false;
  const auto begin = begins_.find(cause->of);
  if (begin != begins_.end() && cause->offset < begin->second)
    return find_event(log_, record.from, id, record.offset).has_value();
  auto& last = last_[{record.from, id.stage, id.partition}];
  if (event->header()->lane() <= last) return true;
  last = event->header()->lane();
  return false;
}

}  // namespace virtscale::replay
