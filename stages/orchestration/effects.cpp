#include "stages/orchestration/effects.hpp"

#include "schemas/codec.hpp"
#include "stages/orchestration/events.hpp"

namespace virtscale::orchestration {
namespace {

DomainOrder order_of(const EffectRequest& request, const schema::StartDomain& start) {
  DomainOrder order;
  order.name = text(start.domain());
  order.org = request.org;
  order.service = text(start.service());
  order.cell = text(start.cell());
  order.zone = text(start.zone());
  order.node = text(start.node());
  order.numa = start.numa();
  order.vcpu_milli = start.resources()->vcpu_milli();
  order.ram_mib = start.resources()->ram_mib();
  order.disk_gib = start.resources()->disk_gib();
  order.domain_template = text(start.domain_template());
  if (start.command() == nullptr) return order;
  for (const auto* word : *start.command()) order.command.emplace_back(text(word));
  return order;
}

std::vector<std::byte> spawned(const EffectRequest& request, std::string name, const DomainAddress& address,
                               std::uint32_t attempts) {
  schema::DomainSpawnedT answer;
  answer.domain = std::move(name);
  answer.address = address.address;
  answer.port = address.port;
  answer.attempts = attempts;
  return schema::encode(answer, request.org);
}

// SpawnFailed and HaltFailed have the same fields.
template <class Body>
std::vector<std::byte> failed(const EffectRequest& request, std::string name, const Failure& failure,
                              std::uint32_t attempts) {
  Body answer;
  answer.domain = std::move(name);
  answer.reason = failure.reason;
  answer.attempts = attempts;
  return schema::encode(answer, request.org);
}

std::vector<std::byte> halted(const EffectRequest& request, std::string name, std::uint32_t attempts) {
  schema::DomainHaltedT answer;
  answer.domain = std::move(name);
  answer.attempts = attempts;
  return schema::encode(answer, request.org);
}

class DomainEffects final : public Effects {
 public:
  DomainEffects(Domains& domains, Executor& executor) : domains_(domains), executor_(executor) {}

  void perform(std::shared_ptr<const EffectRequest> request, Answer answer) override {
    const auto* event = schema::GetEvent(request->event.data());
    if (const auto* start = event->body_as_StartDomain()) return this->start(request, *start, std::move(answer));
    if (const auto* stop = event->body_as_StopDomain()) return this->stop(request, *stop, std::move(answer));
  }

 private:
  using Request = std::shared_ptr<const EffectRequest>;

  void start(const Request& request, const schema::StartDomain& start, Answer answer) {
    const auto order = std::make_shared<const DomainOrder>(order_of(*request, start));
    const auto address = std::make_shared<DomainAddress>();
    const auto attempt = [&domains = domains_, order, address](std::function<void(const Failure*)> done) {
      domains.start(*order, [address, done = std::move(done)](const DomainAddress* at, const Failure* failure) {
        if (at != nullptr) *address = *at;
        done(failure);
      });
    };
    try_repeatedly(
        executor_, start_budget, attempt,
        [request, order, address, answer = std::move(answer)](std::uint32_t attempts, const Failure* failure) {
          answer(failure == nullptr ? spawned(*request, order->name, *address, attempts)
                                    : failed<schema::SpawnFailedT>(*request, order->name, *failure, attempts));
        });
  }

  void stop(const Request& request, const schema::StopDomain& stop, Answer answer) {
    const std::string name(text(stop.domain()));
    const auto attempt = [&domains = domains_, name](std::function<void(const Failure*)> done) {
      domains.stop(name, std::move(done));
    };
    try_repeatedly(executor_, stop_budget, attempt,
                   [request, name, answer = std::move(answer)](std::uint32_t attempts, const Failure* failure) {
                     answer(failure == nullptr ? halted(*request, name, attempts)
                                               : failed<schema::HaltFailedT>(*request, name, *failure, attempts));
                   });
  }

  Domains& domains_;
  Executor& executor_;
};

}  // namespace

std::unique_ptr<Effects> make_effects(Domains& domains, Executor& executor) {
  return std::make_unique<DomainEffects>(domains, executor);
}

}  // namespace virtscale::orchestration
