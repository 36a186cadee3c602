#include "stages/audit/line.hpp"
#include "stages/audit/step.hpp"

namespace virtscale::audit {
namespace {

bool may_stand(const schema::ScaleDecidedT& decided) {
  return decided.decision == schema::Decision::refused && decided.kind == schema::SignalKind::alert;
}

void forget_oldest_closed(State& state, schema::AuditBooksT& books) {
  if (const auto oldest = state.closed.take(closed_key(books.first_closed++))) state.scales.erase(oldest->scale);
}

void note_closed(State& state, std::string_view key) {
  auto& books = state.books.modify("");
  state.closed.modify(closed_key(books.next_closed++)).scale = key;
  while (books.next_closed - books.first_closed > closed_max) forget_oldest_closed(state, books);
}

// Domains whose end the line waits for; the number comes from the wire.
bool has_ended(const schema::AuditScaleT& scale) {
  if (!scale.decided) return false;
  return scale.decided->decision != schema::Decision::admitted || scale.ended >= scale.decided->domains;
}

}  // namespace

schema::AuditScaleT* open_scale(Step step) {
  if (!step.inbound.scale) return nullptr;
  auto& scale = step.state.scales.modify(scale_key(step.inbound.org, step.inbound.scale));
  if (scale.opened_at_us == 0) scale.opened_at_us = step.inbound.now.us;
  return &scale;
}

void close_if_ended(Step step, ScaleId id, schema::AuditScaleT& scale) {
  if (scale.line >= 0 || !has_ended(scale)) return;
  scale.closed_at_us = step.inbound.now.us;
  scale.line = append_line(step, id, *scale.decided, scale);
  note_closed(step.state, scale_key(step.inbound.org, id));
}

void on_scale_decided(Step step, const schema::ScaleDecided& event) {
  auto* scale = open_scale(step);
  if (scale == nullptr || scale->decided) return;
  scale->decided.reset(event.UnPack());
  if (may_stand(*scale->decided)) {
    auto& standing = step.state.standing.modify(scale_key(step.inbound.org, step.inbound.scale));
    standing.decided = std::make_unique<schema::ScaleDecidedT>(*scale->decided);
  }
  close_if_ended(step, step.inbound.scale, *scale);
}

void on_refusal_ended(Step step, const schema::RefusalEnded& event) {
  const auto key = scale_key(step.inbound.org, step.inbound.scale);
  const auto standing = step.state.standing.take(key);
  if (!standing) return;
  const auto index =
      append_line(step, step.inbound.scale, *standing->decided, schema::AuditScaleT(), text(event.reason()));
  if (auto* scale = step.state.scales.find_to_modify(key)) {
    scale->end_line = index;
    scale->end_reason = text(event.reason());
  }
}

void on_owner_notified(Step step, const schema::OwnerNotified& event) {
  auto* scale = step.state.scales.find_to_modify(scale_key(step.inbound.org, step.inbound.scale));
  if (scale != nullptr) scale->mail.reset(event.UnPack());
}

}  // namespace virtscale::audit
