#include "stages/audit/effects.hpp"

#include "schemas/codec.hpp"
#include "topology/contract/note.hpp"

namespace virtscale::audit {
namespace {

class Signing final : public Effects {
 public:
  Signing(const Signer& signer, Executor& executor) : signer_(signer), executor_(executor) {}

  void perform(std::shared_ptr<const EffectRequest> request, Answer answer) override {
    executor_.post([this, request = std::move(request), answer = std::move(answer)] { answer(sign(*request)); });
  }
  // A signature leaves the log as a published checkpoint only, once that is durable, and so what it signs.
  bool changes_something(const EffectRequest& /*request*/) const override { return false; }

 private:
  // REQUIRES: a root of 32 bytes, as the fold gives it; another size is signed as it is and refused by the fold.
  std::vector<std::byte> sign(const EffectRequest& request) const {
    const auto* event = schema::GetEvent(request.event.data());
    const auto* asked = event->body_as_SignCheckpoint();
    Checkpoint checkpoint{asked->origin()->str(), {asked->size(), {}}};
    const auto& root = *asked->root();
    for (flatbuffers::uoffset_t i = 0; i < root.size() && i < sizeof(Digest); ++i)
      checkpoint.tree.root[i] = std::byte{root.Get(i)};
    schema::CheckpointSignedT answer;
    answer.size = asked->size();
    answer.key = signer_.key_name();
    answer.note = signer_.sign_note(checkpoint_text(checkpoint));
    return schema::encode(answer, request.org);
  }

  const Signer& signer_;
  Executor& executor_;
};

}  // namespace

std::unique_ptr<Effects> make_effects(const Signer& signer, Executor& executor) {
  return std::make_unique<Signing>(signer, executor);
}

}  // namespace virtscale::audit
