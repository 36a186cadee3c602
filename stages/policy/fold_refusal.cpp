// Refusals that stand, and the mails about them.
#include <algorithm>

#include "stages/policy/step.hpp"

namespace virtscale::policy {
namespace {

bool same_answer(const schema::StandingRefusalT& standing, const schema::DecisionView& decided) {
  return standing.code == decided.code && standing.binding == decided.binding && standing.from == decided.from &&
         standing.to == decided.to && standing.contract_version == decided.contract_version;
}

void let_stand(Step& step, const Ask& ask, const schema::DecisionView& decided) {
  auto& standing = step.state.refusals.modify(JoinedKey(step.inbound.org, ask.service, ask.fingerprint));
  standing.scale = ask.scale.value;
  standing.name = ask.name;
  standing.code = decided.code;
  standing.binding = decided.binding;
  standing.from = decided.from;
  standing.to = decided.to;
  standing.contract_version = decided.contract_version;
  standing.since_us = decided.decided_at_us;
}

// --- The mail's text ------------------------------------------------------------------------------------------------

// Number `width` of decimal digits, with zeros in front.
std::string padded(std::int64_t number, std::size_t width) {
  const auto digits = std::to_string(number);
  return digits.size() >= width ? digits : std::string(width - digits.size(), '0') + digits;
}

// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar. Years begin on 1 March here, so that
// the leap day is the last of its year (Howard Hinnant, chrono-Compatible Low-Level Date Algorithms).
std::string date_text(std::int64_t days_since_1970) {
  constexpr std::int64_t days_of_cycle = 146'097;
  constexpr std::int64_t days_from_march_of_year_0 = 719'468;
  const auto days = days_since_1970 + days_from_march_of_year_0;
  const auto cycle = days / days_of_cycle;
  const auto day_of_cycle = days % days_of_cycle;
  const auto year_of_cycle =
      (day_of_cycle - day_of_cycle / 1'460 + day_of_cycle / 36'524 - day_of_cycle / 146'096) / 365;
  const auto day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const auto month_from_march = (5 * day_of_year + 2) / 153;
  const auto day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const auto month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const auto year = cycle * 400 + year_of_cycle + (month <= 2 ? 1 : 0);
  return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2);
}

std::string instant_text(Instant at) {
  constexpr std::int64_t us_of_day = 86'400'000'000;
  const auto us = std::max<std::int64_t>(at.us, 0);
  const auto ms = us % us_of_day / 1'000;
  return date_text(us / us_of_day) + "T" + padded(ms / 3'600'000, 2) + ":" + padded(ms / 60'000 % 60, 2) + ":" +
         padded(ms / 1'000 % 60, 2) + "." + padded(ms % 1'000, 3) + "Z";
}

std::string signal_text(const Ask& ask, const schema::DecisionView& decided) {
  if (ask.kind == schema::SignalKind::request)
    return "a request" + (decided.requester.empty() ? "" : " by " + std::string(decided.requester));
  if (ask.kind == schema::SignalKind::schedule) return "the schedule " + std::string(decided.name);
  auto text = "the alert " + std::string(decided.name) + " (value " + milli_text(decided.value_milli);
  if (decided.queue_depth >= 0) text += ", queue depth " + std::to_string(decided.queue_depth);
  return text + ")";
}

std::string projection_line(const schema::Projection& row, schema::Dimension binding) {
  const auto dimension = row.dimension();
  const auto after = row.committed() + row.reserved() + row.asked();
  auto line = "  " + std::string(name_of(dimension)) + ": " + amount_text(dimension, row.committed()) + " in use + " +
              amount_text(dimension, row.reserved()) + " reserved + " + amount_text(dimension, row.asked()) +
              " asked = " + share_text(dimension, after, row.envelope()) + ", " + percent_text(after, row.envelope());
  if (dimension == binding) line += "  <- binds";
  return line + "\n";
}

schema::SendMailT refusal_mail(std::string_view org, std::string_view to, const Ask& ask,
                               const schema::DecisionView& decided) {
  const auto name = std::string(JoinedKey(org, decided.service));
  const auto event = to_string(ask.scale);
  std::string text =
      "Virtscale did not scale " + name + " from " + std::to_string(decided.from) + " to " +
      count_text(decided.to, "replica") +
      ", since that would be beyond the contract.\nNothing was started, and everything that runs goes on.\n\n";
  text += "Event:     " + event + "\n";
  text += "Decided:   " + instant_text({decided.decided_at_us}) + "\n";
  text += "Asked by:  " + signal_text(ask, decided) + "\n";
  text += "Asked for: " + count_text(std::int64_t{decided.to} - decided.from, "more domain") + "\n";
  text += "Contract:  version " + std::to_string(decided.contract_version) + ", overage " +
          std::to_string(decided.overage_percent) + " %\n\n";
  text += "What is used, and what would be, of the envelope (quota and overage):\n\n";
  for (const auto& row : decided.projection) text += projection_line(row, decided.binding);
  text += "\nWhat would admit it: " + std::string(decided.remedy) + "\n\n";
  text += "To look further:\n\n  virtscale explain " + event + "\n  virtscale status " + name + "\n\n";
  text += "The same refusal is mailed once; it is in the ledger of " + std::string(org) + " in any case.\n";
  schema::SendMailT mail;
  mail.to = to;
  mail.subject =
      "Not scaled: " + name + " would be beyond its contract (" + std::string(name_of(decided.binding)) + ")";
  mail.text = std::move(text);
  mail.service = decided.service;
  return mail;
}

// --- Who is mailed, and when ----------------------------------------------------------------------------------------

schema::MailedViolationT violation_of(const schema::DecisionView& decided) {
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
bool is_news(ServiceBook& book, const schema::MailedViolationT& violation) {
  auto& mailed = remarks_of(book).mailed;
  const auto forgotten = violation.mailed_at_us - violation_remembered.us;
  std::erase_if(mailed, [&](const auto& earlier) { return earlier.mailed_at_us <= forgotten; });
  const bool known = std::any_of(mailed.begin(), mailed.end(),
                                 [&](const auto& earlier) { return same_violation(earlier, violation); });
  if (known) return false;
  if (mailed.size() >= violations_mailed_max) mailed.erase(mailed.begin());
  mailed.push_back(violation);
  return true;
}

void mail_owner(Step& step, const Ask& ask, ServiceBook& book, const schema::DecisionView& decided) {
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

void refuse(Step& step, const Ask& ask, ServiceBook& book, const schema::DecisionView& decided) {
  if (ask.kind == schema::SignalKind::alert) {
    const auto* standing = step.state.refusals.find(JoinedKey(step.inbound.org, ask.service, ask.fingerprint));
    if (standing != nullptr && same_answer(*standing, decided)) return;
    end_refusal(step, ask.service, ask.fingerprint, "The answer changed: " + std::string(decided.reason));
    let_stand(step, ask, decided);
  }
  if (decided.code == code::beyond_envelope) mail_owner(step, ask, book, decided);
  emit_decision(step, ask, decided);
}

void end_refusal(Step& step, std::string_view service, std::string_view fingerprint, std::string_view reason) {
  const JoinedKey key(step.inbound.org, service, fingerprint);
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
