// One step of the policy fold, and the functions that it is split into: fold_scale, fold_domain, fold_document and
// fold_refusal.
//
// The one thing to know: a decision about a scale is taken in `consider`, whoever asks; everything else keeps the books
// that it stands on.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "schemas/decision_view.hpp"
#include "stages/policy/events.hpp"
#include "stages/policy/gate.hpp"
#include "stages/policy/state.hpp"

namespace virtscale::policy {

/// What a handler works with; borrowed until the fold returns.
struct Step {
  State& state;
  const Inbound& inbound;
  Outbox& outbox;
};

/// The codes of decisions: what ScaleDecided and ScaleAnswered say to machines.
namespace code {
inline constexpr std::string_view within_envelope = "within_envelope";
inline constexpr std::string_view already_there = "already_there";
inline constexpr std::string_view beyond_envelope = "beyond_envelope";
inline constexpr std::string_view beyond_bounds = "beyond_bounds";
inline constexpr std::string_view no_contract = "no_contract";
inline constexpr std::string_view unknown_service = "unknown_service";
inline constexpr std::string_view key_reused = "idempotency_key_reused";
inline constexpr std::string_view key_too_long = "idempotency_key_too_long";
}  // namespace code

/// Somebody wants another number of replicas: an alert, a request, a schedule, or a service that is below its minimum.
struct Ask {
  ScaleId scale;
  std::string_view service;
  schema::SignalKind kind = schema::SignalKind::schedule;
  std::string_view name;
  std::string_view fingerprint{};
  schema::ScaleMode mode = schema::ScaleMode::to;
  std::int64_t amount = 0;
  std::int64_t value_milli = 0;
  std::int64_t queue_depth = -1;
  std::int64_t signal_at_us = 0;
  EventId request{};
  std::string_view idempotency_key{};
  std::string_view requester{};
};

// --- fold_scale.cpp ------------------------------------------------------------------------------------------------

void on_scale_wanted(Step& step, const schema::ScaleWanted& wanted);

/// A request's answer is no longer remembered.
void on_timer_fired(Step& step, const schema::TimerFired& timer);

/// Decides about `ask`: admits, refuses, or holds it. `book` is the row of its service.
void consider(Step& step, const Ask& ask, ServiceBook& book);

/// Emits the decision, to the caller too if a request asked, and remembers it under the request's Idempotency-Key.
void emit_decision(Step& step, const Ask& ask, const schema::DecisionView& decided);

// --- fold_refusal.cpp ----------------------------------------------------------------------------------------------

/// Emits the refusal and mails the owner, unless it is one that stands or a violation that was mailed already.
void refuse(Step& step, const Ask& ask, ServiceBook& book, const schema::DecisionView& decided);

/// Ends the standing refusal of the alert that asks, if there is one. `reason` is a sentence.
void end_refusal(Step& step, std::string_view service, std::string_view fingerprint, std::string_view reason);

void on_alert_cleared(Step& step, const schema::AlertCleared& cleared);
void on_mail_sent(Step& step, const schema::MailSent& sent);
void on_mail_failed(Step& step, const schema::MailFailed& failed);

// --- fold_domain.cpp -----------------------------------------------------------------------------------------------

/// Reserves `domain`, what one domain of the service takes, for each of `names`: in their rows, the service's count and
/// the org's usage.
void reserve(Step& step, const Ask& ask, ServiceBook& book, const schema::Resources& domain,
             std::span<const std::string_view> names);

void on_domain_running(Step& step, const schema::DomainRunning& running);
void on_domain_not_started(Step& step, const schema::DomainNotStarted& not_started);
void on_domain_stopped(Step& step, const schema::DomainStopped& stopped);

/// Nothing for an org without a row.
Usage usage_of(const schema::OrgUsageT* row);

/// Notes whether the usage is beyond the envelope of the contract, which was applied just now.
void note_shrink(State& state, std::string_view org, const schema::ContractTermsT& terms);

// --- fold_document.cpp ---------------------------------------------------------------------------------------------

void on_contract_applied(Step& step, const schema::ContractApplied& applied);
void on_service_applied(Step& step, const schema::ServiceApplied& applied);
void on_calendar_applied(Step& step, const schema::CalendarApplied& applied);
void on_postmortem_drafted(Step& step, const schema::PostmortemDrafted& drafted);
void on_postmortem_closed(Step& step, const schema::PostmortemClosed& closed);

/// The terms of a contract's row, as the gate takes them.
Terms terms_of(const schema::ContractTermsT& terms);

/// Whether it may name a time zone: `Europe/Berlin`. Whether there is such a zone the edge has looked up, since zones
/// come and go with the system's files, and a fold must not.
bool is_zone(std::string_view name);

}  // namespace virtscale::policy
