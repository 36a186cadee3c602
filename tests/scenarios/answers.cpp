#include <gtest/gtest.h>

#include <algorithm>

#include "tests/scenarios/verbs.hpp"
#include "topology/contract/note.hpp"

namespace virtscale::test {
namespace {

using schema::Body;

std::uint32_t number_in(const Command& command) {
  return static_cast<std::uint32_t>(std::stoul(command.words.at(1)));
}

std::string_view stage_that_asks(Body asked) {
  switch (asked) {
    case Body::StartDomain:
    case Body::StopDomain:
      return "orchestration";
    case Body::SendMail:
      return "policy";
    case Body::SignCheckpoint:
      return "audit";
    default:
      return "dataplane";
  }
}

// The oldest request of this kind; null if none waits.
const EffectRequest* oldest(World& world, Body asked) {
  const auto& requests = world.stages.find(stage_that_asks(asked))->second->requests();
  const auto found = std::find_if(requests.begin(), requests.end(),
                                  [asked](const auto& request) { return event_of(*request).body_type() == asked; });
  return found == requests.end() ? nullptr : found->get();
}

std::string domain_of(const EffectRequest& request) {
  const auto& event = event_of(request);
  switch (event.body_type()) {
    case Body::StartDomain:
      return event.body_as_StartDomain()->domain()->str();
    case Body::StopDomain:
      return event.body_as_StopDomain()->domain()->str();
    case Body::ProbeDomain:
      return event.body_as_ProbeDomain()->domain()->str();
    case Body::AddBackend:
      return event.body_as_AddBackend()->domain()->str();
    default:
      return event.body_as_DrainBackend()->domain()->str();
  }
}

template <class Answer>
void answer(World& world, Body asked, Answer answer) {
  const auto* request = oldest(world, asked);
  ASSERT_NE(request, nullptr) << "no " << schema::name_of(asked) << " waits for an answer";
  if constexpr (requires { answer.domain; }) answer.domain = domain_of(*request);
  world.answer(stage_that_asks(asked), asked, encode(answer, ""));
}

void spawned(World& world, const Command& command) {
  const auto& place = command.words.at(1);
  const auto colon = place.find(':');
  schema::DomainSpawnedT spawned;
  spawned.address = place.substr(0, colon);
  spawned.port = static_cast<std::uint16_t>(std::stoi(place.substr(colon + 1)));
  answer(world, Body::StartDomain, spawned);
}

void alive(World& world, const Command& command) {
  schema::LivenessPassedT passed;
  passed.attempts = number_in(command);
  answer(world, Body::ProbeDomain, passed);
}

void joined(World& world, const Command& command) {
  schema::BackendAddedT added;
  added.backends = number_in(command);
  answer(world, Body::AddBackend, added);
}

void drained(World& world, const Command& command) {
  schema::BackendDrainedT gone;
  gone.backends = number_in(command);
  answer(world, Body::DrainBackend, gone);
}

void halted(World& world, const Command&) {
  answer(world, Body::StopDomain, schema::DomainHaltedT());
}

void mailed(World& world, const Command&) {
  schema::MailSentT sent;
  sent.attempts = 1;
  answer(world, Body::SendMail, sent);
}

// A note of the right form; its signature is all zero, since signatures are tried where the signer is.
void sign(World& world, const Command&) {
  const auto* request = oldest(world, Body::SignCheckpoint);
  ASSERT_NE(request, nullptr) << "no checkpoint waits to be signed";
  const auto* asked = event_of(*request).body_as_SignCheckpoint();
  Checkpoint checkpoint{asked->origin()->str(), {asked->size(), {}}};
  std::transform(asked->root()->begin(), asked->root()->end(), checkpoint.tree.root.begin(),
                 [](std::uint8_t byte) { return std::byte{byte}; });
  schema::CheckpointSignedT checkpoint_signed;
  checkpoint_signed.size = asked->size();
  checkpoint_signed.key = "policy-gate-2026-q1";
  checkpoint_signed.note =
      checkpoint_text(checkpoint) + "\n" + signature_line({checkpoint_signed.key, {}}, std::array<std::byte, 64>{});
  answer(world, Body::SignCheckpoint, checkpoint_signed);
}

template <class Answer>
void fail(World& world, const Command& command, Body asked) {
  Answer failure;
  failure.reason = rest_of(command, 2);
  failure.attempts = 1;
  answer(world, asked, failure);
}

void failed(World& world, const Command& command) {
  const auto& asked = command.words.at(1);
  if (asked == "StartDomain") return fail<schema::SpawnFailedT>(world, command, Body::StartDomain);
  if (asked == "StopDomain") return fail<schema::HaltFailedT>(world, command, Body::StopDomain);
  if (asked == "ProbeDomain") return fail<schema::LivenessFailedT>(world, command, Body::ProbeDomain);
  if (asked == "AddBackend") return fail<schema::BackendRefusedT>(world, command, Body::AddBackend);
  if (asked == "DrainBackend") return fail<schema::DrainFailedT>(world, command, Body::DrainBackend);
  if (asked == "SendMail") return fail<schema::MailFailedT>(world, command, Body::SendMail);
  ADD_FAILURE() << "`" << asked << "` is no request that can fail";
}

}  // namespace

const Verbs& answer_verbs() {
  static const Verbs verbs = {{"spawned", spawned}, {"alive", alive},   {"joined", joined}, {"drained", drained},
                              {"halted", halted},   {"mailed", mailed}, {"signed", sign},   {"failed", failed}};
  return verbs;
}

bool answer_well(World& world) {
  const Command place{.line = 0, .at = {}, .words = {"", "10.0.0.1:80"}, .block = {}};
  const Command one{.line = 0, .at = {}, .words = {"", "1"}, .block = {}};
  bool answered = false;
  const auto answer_with = [&](Body asked, Verb verb, const Command& command) {
    if (oldest(world, asked) == nullptr) return;
    verb(world, command);
    answered = true;
  };
  answer_with(Body::StartDomain, spawned, place);
  answer_with(Body::ProbeDomain, alive, one);
  answer_with(Body::AddBackend, joined, one);
  answer_with(Body::DrainBackend, drained, one);
  answer_with(Body::StopDomain, halted, one);
  answer_with(Body::SendMail, mailed, one);
  answer_with(Body::SignCheckpoint, sign, one);
  return answered;
}

}  // namespace virtscale::test
