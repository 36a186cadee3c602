// A stage of a few lines on policy's inbox, to try the host with: a contract makes it emit, ask and set a timer.
#pragma once

#include <string>

#include "schemas/codec.hpp"
#include "topology/contract/stage.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::test {

struct SmallState {
  Table<schema::MailSentT> mails{"mails"};
  std::vector<AnyTable*> tables() { return {&mails}; }
};

/// On ContractApplied: DocumentFolded → outcomes, SendMail asked, timer "t" a second later. On its MailSent, on the
/// timer and on AlertCleared: RefusalEnded → outcomes with a reason that tells which.
struct SmallFold {
  using State = SmallState;
  static constexpr Source source = Source::policy;
  static constexpr Topic inbox = Topic::signals;
  static constexpr std::uint32_t epoch = 1;

  static void fold(State& state, const Inbound& inbound, Outbox& out) noexcept {
    const auto* event = schema::GetEvent(reinterpret_cast<const std::uint8_t*>(inbound.event.data()));
    if (event->body_type() == schema::Body::ContractApplied) return on_contract(inbound, out);
    if (event->body_type() == schema::Body::MailSent) state.mails.modify(inbound.org).attempts++;
    schema::RefusalEndedT ended;
    ended.service = "web";
    ended.reason = std::string(schema::name_of(event->body_type()));
    out.emit({.topic = Topic::outcomes, .key = inbound.org}, ended);
  }

  static void on_contract(const Inbound& inbound, Outbox& out) {
    schema::DocumentFoldedT folded;
    folded.kind = "Contract";
    folded.name = std::string(inbound.org);
    folded.code = "created";
    out.emit({.topic = Topic::outcomes, .key = inbound.org, .scale = scale_of(inbound.at), .answers = inbound.id},
             folded);
    schema::SendMailT mail;
    mail.to = "owner@acme.example";
    mail.subject = mail.text = "x";
    out.ask(mail, scale_of(inbound.at));
    out.wake("t", inbound.now + seconds(1));
  }

  static std::string violated_invariant(const State&) { return {}; }
};

/// The same stage, some versions later: its rules have changed twice, and what it did by the first is gone. By the
/// newest, a refusal ends with a reason in other words.
struct LaterFold {
  using State = SmallState;
  static constexpr Source source = SmallFold::source;
  static constexpr Topic inbox = SmallFold::inbox;
  static constexpr std::uint32_t epoch = 3;

  static void fold(State& state, const Inbound& inbound, Outbox& out) noexcept {
    const auto* event = schema::GetEvent(reinterpret_cast<const std::uint8_t*>(inbound.event.data()));
    if (event->body_type() != schema::Body::AlertCleared) return SmallFold::fold(state, inbound, out);
    schema::RefusalEndedT ended;
    ended.service = "web";
    ended.reason = "by the newest rules";
    out.emit({.topic = Topic::outcomes, .key = inbound.org}, ended);
  }
  static constexpr FoldFunction<State> fold_of(std::uint32_t of) {
    switch (of) {
      case 2:
        return &SmallFold::fold;
      case 3:
        return &fold;
      default:
        return nullptr;
    }
  }
  static std::string violated_invariant(const State&) { return {}; }
};

/// An encoded event of the edge, or with a lane of another stage.
template <class Body>
std::vector<std::byte> event_of(const Body& body, HeaderFields fields, std::string_view org = "acme") {
  auto event = encode(body, org);
  fill_header(event, fields);
  return event;
}

inline schema::ContractAppliedT contract(std::int64_t version = 1) {
  schema::ContractAppliedT applied;
  applied.version = version;
  return applied;
}

inline schema::AlertClearedT cleared(std::string fingerprint) {
  schema::AlertClearedT body;
  body.service = body.name = "web";
  body.fingerprint = std::move(fingerprint);
  return body;
}

}  // namespace virtscale::test
