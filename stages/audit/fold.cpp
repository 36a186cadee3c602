#include "stages/audit/fold.hpp"

#include "stages/audit/invariants.hpp"
#include "stages/audit/step.hpp"

namespace virtscale::audit {
namespace {

// What an inbox event does. Answers and folded documents are for the edges that wait for them: they make no line.
struct Folder {
  Step step;

  void operator()(const schema::ScaleDecided* event) const { on_scale_decided(step, *event); }
  void operator()(const schema::RefusalEnded* event) const { on_refusal_ended(step, *event); }
  void operator()(const schema::OwnerNotified* event) const { on_owner_notified(step, *event); }
  void operator()(const schema::DomainPlaced* event) const { on_domain_placed(step, *event); }
  void operator()(const schema::DomainServing* event) const { on_domain_serving(step, *event); }
  void operator()(const schema::DomainFailed* event) const { on_domain_failed(step, *event); }
  void operator()(const schema::DomainRemoved* event) const { on_domain_removed(step, *event); }
  void operator()(const schema::CheckpointSigned* event) const { on_checkpoint_signed(step, *event); }
  void operator()(const schema::ScaleAnswered*) const {}
  void operator()(const schema::DocumentFolded*) const {}
};

}  // namespace

void Fold::fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept {
  const auto event = decode(inbound);
  if (event) std::visit(Folder{{state, inbound, outbox}}, *event);
}

std::string Fold::violated_invariant(const State& state) {
  return audit::violated_invariant(state);
}

}  // namespace virtscale::audit
