#include "replay/what_if/answers.hpp"

#include "replay/what_if/past.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

std::vector<std::byte> body_of(const EffectRequest& request) {
  const auto& asked = *schema::GetEvent(request.event.data());
  const auto about = [&](auto answer) {
    if constexpr (requires { answer.domain; }) answer.domain = domain_in(asked);
    answer.attempts = 1;
    return encode(answer, request.org);
  };
  schema::DomainSpawnedT spawned;
  spawned.address = modelled_address;
  switch (asked.body_type()) {
    case schema::Body::StartDomain:
      return about(std::move(spawned));
    case schema::Body::StopDomain:
      return about(schema::DomainHaltedT());
    case schema::Body::ProbeDomain:
      return about(schema::LivenessPassedT());
    case schema::Body::AddBackend:
      return about(schema::BackendAddedT());
    case schema::Body::DrainBackend:
      return about(schema::BackendDrainedT());
    default:
      return about(schema::MailSentT());
  }
}

}  // namespace

std::vector<std::byte> readdressed(std::vector<std::byte> answer, const EffectRequest& request) {
  const auto* header = schema::GetEvent(answer.data())->header();
  const auto id = id_of(header->id());
  fill_header(answer, {.id = id, .answers = request.id, .scale = request.scale});
  return answer;
}

std::vector<std::byte> modelled_answer(const EffectRequest& request) {
  auto answer = body_of(request);
  // An edge's id: what it says does not matter, since answers are told apart by what they answer.
  fill_header(answer, {.id = {request.id.offset, request.id.partition, request.id.index, Source::edge},
                       .answers = request.id,
                       .scale = request.scale});
  return answer;
}

}  // namespace virtscale::replay
