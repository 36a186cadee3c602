#include "replay/capsule/belonging.hpp"

#include "schemas/codec.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

void look_up_timer(Belonging& belonging, const schema::TimerFired& fired, const Refold& refold) {
  const auto* timer = refold.books().timer(fired.key()->string_view());
  if (timer == nullptr || timer->due_us != fired.due_us()) return;
  belonging.org = timer->org;
  belonging.scale = {timer->scale};
}

void look_up_request(Belonging& belonging, const EventId& answered, const Refold& refold) {
  const auto* request = refold.books().pending(answered);
  if (request == nullptr) return;
  const auto* asked = schema::GetEvent(request->event.data());
  belonging.org = asked->org()->str();
  belonging.scale = {asked->header()->scale()};
}

}  // namespace

Belonging belonging_of(const LogRecord& record, const Refold* refold) {
  const auto* event = schema::verify_event(record.value);
  if (event == nullptr) return {};
  Belonging belonging{true, event->body_type(), event->org()->str(), {event->header()->scale()}};
  const auto answered = id_of(event->header()->answers());
  const bool from_edge = id_of(event->header()->id()).stage == Source::edge;
  if (refold == nullptr || !from_edge) return belonging;
  if (const auto* fired = event->body_as_TimerFired()) {
    look_up_timer(belonging, *fired, *refold);
  } else if (answered.stage == refold->stage()) {
    look_up_request(belonging, answered, *refold);
  }
  return belonging;
}

}  // namespace virtscale::replay
