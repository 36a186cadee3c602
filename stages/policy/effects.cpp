#include "stages/policy/effects.hpp"

#include <string>
#include <utility>

#include "schemas/codec.hpp"
#include "stages/policy/events.hpp"

namespace virtscale::policy {
namespace {

// The same for every attempt of the same request, so that a receiver can tell a copy.
std::string message_id_of(const EffectRequest& request) {
  return to_string(request.scale) + "." + std::to_string(request.id.partition) + "." +
         std::to_string(request.id.offset) + "." + std::to_string(request.id.index) + "@policy.virtscale";
}

MailOrder order_of(const EffectRequest& request, const schema::SendMail& mail) {
  return {.message_id = message_id_of(request),
          .to = std::string(text(mail.to())),
          .subject = std::string(text(mail.subject())),
          .text = std::string(text(mail.text()))};
}

std::vector<std::byte> answer_of(std::string_view org, std::uint32_t attempts, const Failure* failure) {
  if (failure == nullptr) {
    schema::MailSentT sent;
    sent.attempts = attempts;
    return encode(sent, org);
  }
  schema::MailFailedT failed;
  failed.attempts = attempts;
  failed.reason = failure->reason;
  return encode(failed, org);
}

class OwnerMail final : public Effects {
 public:
  OwnerMail(Mail& mail, Executor& executor) : mail_(mail), executor_(executor) {}

  void perform(std::shared_ptr<const EffectRequest> request, Answer answer) override {
    const auto* mail = schema::GetEvent(request->event.data())->body_as_SendMail();
    if (mail == nullptr) return;
    try_repeatedly(
        executor_, mail_budget,
        [this, order = order_of(*request, *mail)](std::function<void(const Failure*)> done) {
          mail_.send(order, std::move(done));
        },
        [request, answer = std::move(answer)](std::uint32_t attempts, const Failure* failure) {
          answer(answer_of(request->org, attempts, failure));
        });
  }

 private:
  Mail& mail_;
  Executor& executor_;
};

}  // namespace

std::unique_ptr<Effects> make_effects(Mail& mail, Executor& executor) {
  return std::make_unique<OwnerMail>(mail, executor);
}

}  // namespace virtscale::policy
