// Refusals that stand, and the mails about them.
#include <algorithm>

#include "stages/policy/step.hpp"
#include "stages/policy/words.hpp"

namespace virtscale::policy {
namespace {

bool same_answer(const schema::StandingRefusalT& standing, const schema::ScaleDecidedT& decided) {
  return standing.code == decided.code && standing.binding == decided.binding && standing.from == decided.from &&
         standing.to == decided.to && standing.contract_version == decided.contract_version;
}

void let_stand(Step& step, const Ask& ask, const schema::ScaleDecidedT& decided) {
  auto& standing = step.state.refusals.modify(key_of(step.inbound.org, ask.service, ask.fingerprint));
  standing.scale = ask.scale.value;
  standing.name = ask.name;
  standing.code = decided.code;
  standing.binding = decided.binding;
  standing.from = decided.from;
  standing.to = decided.to;
  standing.contract_version = decided.contract_version;
  standing.since_us = decided.decided_at_us;
}

// --- Mail ----------------------------------------------------------------------------------------------------------

schema::MailedViolationT violation_of(const schema::ScaleDecidedT& decided) {
  const auto& row = decided.projection[index_of(decided.binding)];
  schema::MailedViolationT violation;
  violation.binding = decided.binding;
  violation.contract_version = decided.contract_version;
  violation.used = row.committed() + row.reserved();
  violation.mailed_at_us = decided.decided_at_us;
  return violation;
}

bool same_violation(const schema::MailedViolationT& a, const schema::MailedViolationT& b) {
  return a.binding == b.binding && a.contract_version == b.contract_version && a.used == b.used;
}

// Notes the violation in the service's row; false if it was mailed already.
bool is_news(schema::ServiceBookT& book, const schema::MailedViolationT& violation) {
  auto& mailed = book.mailed;
  const auto forgotten = violation.mailed_at_us - violation_remembered.us;
  std::erase_if(mailed, [&](const auto& earlier) { return earlier->mailed_at_us <= forgotten; });
  const bool known = std::any_of(mailed.begin(), mailed.end(),
                                 [&](const auto& earlier) { return same_violation(*earlier, violation); });
  if (known) return false;
  if (mailed.size() >= violations_mailed_max) mailed.erase(mailed.begin());
  mailed.push_back(std::make_unique<schema::MailedViolationT>(violation));
  return true;
}

void mail_owner(Step& step, const Ask& ask, schema::ServiceBookT& book, const schema::ScaleDecidedT& decided) {
  const auto org = step.inbound.org;
  const auto* contract = step.state.contracts.find(org);
  if (contract == nullptr || contract->terms->owner.empty()) return;
  if (!is_news(book, violation_of(decided))) return;
  step.outbox.ask(refusal_mail(org, contract->terms->owner, ask, decided), ask.scale);
}

// The address that an answered mail went to.
std::string addressee(const Inbound& inbound) {
  if (inbound.request.empty()) return {};
  const auto* mail = schema::GetEvent(inbound.request.data())->body_as_SendMail();
  return mail == nullptr ? std::string() : std::string(text(mail->to()));
}

// How the mail about a refusal ended; a mail that was sent has no detail.
void emit_notified(Step& step, std::uint32_t attempts, std::string_view failure) {
  schema::OwnerNotifiedT notified;
  notified.to = addressee(step.inbound);
  notified.sent = failure.empty();
  notified.attempts = attempts;
  notified.detail = failure;
  step.outbox.emit({.topic = Topic::outcomes, .key = step.inbound.org}, notified);
}

}  // namespace

void refuse(Step& step, const Ask& ask, schema::ServiceBookT& book, schema::ScaleDecidedT decided) {
  if (ask.kind == schema::SignalKind::alert) {
    const auto* standing = step.state.refusals.find(key_of(step.inbound.org, ask.service, ask.fingerprint));
    if (standing != nullptr && same_answer(*standing, decided)) return;
    end_refusal(step, ask.service, ask.fingerprint, "The answer changed: " + decided.reason);
    let_stand(step, ask, decided);
  }
  if (decided.code == code::beyond_envelope) mail_owner(step, ask, book, decided);
  emit_decision(step, ask, std::move(decided));
}

void end_refusal(Step& step, std::string_view service, std::string_view fingerprint, std::string_view reason) {
  const auto key = key_of(step.inbound.org, service, fingerprint);
  const auto* standing = step.state.refusals.find(key);
  if (standing == nullptr) return;
  schema::RefusalEndedT ended;
  ended.service = service;
  ended.reason = reason;
  step.outbox.emit({.topic = Topic::outcomes, .key = step.inbound.org, .scale = ScaleId{standing->scale}}, ended);
  step.state.refusals.erase(key);
}

void on_alert_cleared(Step& step, const schema::AlertCleared& cleared) {
  end_refusal(step, text(cleared.service()), text(cleared.fingerprint()), "The alert no longer fires.");
}

void on_mail_sent(Step& step, const schema::MailSent& sent) {
  emit_notified(step, sent.attempts(), {});
}

void on_mail_failed(Step& step, const schema::MailFailed& failed) {
  const auto reason = text(failed.reason());
  emit_notified(step, failed.attempts(), reason.empty() ? "the mail server gave no reason" : reason);
}

}  // namespace virtscale::policy
