#include "stages/dataplane/effects.hpp"

#include "schemas/codec.hpp"

namespace virtscale::dataplane {
namespace {

std::string string_of(const flatbuffers::String* field) {
  return field == nullptr ? std::string() : field->str();
}

/// A request that is being run: what was asked, and whom to tell.
struct Task {
  std::shared_ptr<const EffectRequest> request;
  Answer answer;
  std::string domain;

  template <class Body>
  void tell(Body body, std::uint32_t attempts) const {
    body.domain = domain;
    body.attempts = attempts;
    answer(schema::encode(body, request->org));
  }
  template <class Body>
  void tell(Body body, std::uint32_t attempts, const Failure& failure) const {
    body.reason = failure.reason;
    tell(std::move(body), attempts);
  }
};
using SharedTask = std::shared_ptr<const Task>;

class DataplaneEffects final : public Effects {
 public:
  DataplaneEffects(Probe& probe, LoadBalancer& balancer, Executor& executor)
      : probe_(probe), balancer_(balancer), executor_(executor) {}

  void perform(std::shared_ptr<const EffectRequest> request, Answer answer) override {
    const auto* event = schema::GetEvent(request->event.data());
    switch (event->body_type()) {
      case schema::Body::ProbeDomain:
        return probe(*event->body_as_ProbeDomain(), std::move(request), std::move(answer));
      case schema::Body::AddBackend:
        return add(*event->body_as_AddBackend(), std::move(request), std::move(answer));
      case schema::Body::DrainBackend:
        return drain(*event->body_as_DrainBackend(), std::move(request), std::move(answer));
      default:
        // The fold asks for nothing else.
        return;
    }
  }
  // A probe only looks.
  bool changes_something(const EffectRequest& request) const override {
    return schema::GetEvent(request.event.data())->body_type() != schema::Body::ProbeDomain;
  }

 private:
  void probe(const schema::ProbeDomain& ask, std::shared_ptr<const EffectRequest> request, Answer answer) {
    const ProbeOrder order{.target = {.address = string_of(ask.address()), .port = ask.port()},
                           .path = string_of(ask.path()),
                           .every = Duration{ask.every_us()},
                           .deadline = Duration{ask.deadline_us()}};
    const Task task{std::move(request), std::move(answer), ask.domain()->str()};
    probe_.probe(order, [task](std::uint32_t attempts, const Failure* failure) {
      if (failure != nullptr) return task.tell(schema::LivenessFailedT(), attempts, *failure);
      task.tell(schema::LivenessPassedT(), attempts);
    });
  }

  void add(const schema::AddBackend& ask, std::shared_ptr<const EffectRequest> request, Answer answer) {
    const BackendOrder order{.backend = string_of(ask.backend()),
                             .server = ask.domain()->str(),
                             .target = {.address = string_of(ask.address()), .port = ask.port()},
                             .check_path = string_of(ask.check_path())};
    const auto task = std::make_shared<const Task>(Task{std::move(request), std::move(answer), order.server});
    change(
        add_budget, [this, order](LoadBalancer::Changed done) { balancer_.add(order, std::move(done)); },
        [this, order, task](std::uint32_t servers, std::uint32_t attempts, const Failure* failure) {
          if (failure != nullptr) return take_out(order, task, attempts, *failure);
          schema::BackendAddedT added;
          added.backends = servers;
          task->tell(std::move(added), attempts);
        });
  }

  void take_out(const BackendOrder& order, const SharedTask& task, std::uint32_t attempts, const Failure& failure) {
    balancer_.drain(order.backend, order.server, [task, attempts, failure](std::uint32_t, const Failure*) {
      task->tell(schema::BackendRefusedT(), attempts, failure);
    });
  }

  void drain(const schema::DrainBackend& ask, std::shared_ptr<const EffectRequest> request, Answer answer) {
    const auto backend = string_of(ask.backend());
    const auto task = std::make_shared<const Task>(Task{std::move(request), std::move(answer), ask.domain()->str()});
    change(
        drain_budget,
        [this, backend, task](LoadBalancer::Changed done) { balancer_.drain(backend, task->domain, std::move(done)); },
        [task](std::uint32_t servers, std::uint32_t attempts, const Failure* failure) {
          if (failure != nullptr) return task->tell(schema::DrainFailedT(), attempts, *failure);
          schema::BackendDrainedT drained;
          drained.backends = servers;
          task->tell(std::move(drained), attempts);
        });
  }

  using Ended = std::function<void(std::uint32_t servers, std::uint32_t attempts, const Failure* failure)>;

  /// Tries a change of the balancer within `budget`.
  void change(RetryBudget budget, std::function<void(LoadBalancer::Changed)> attempt, Ended ended) {
    const auto servers = std::make_shared<std::uint32_t>(0);
    const auto once = [attempt = std::move(attempt), servers](std::function<void(const Failure*)> done) {
      attempt([servers, done = std::move(done)](std::uint32_t count, const Failure* failure) {
        *servers = count;
        done(failure);
      });
    };
    try_repeatedly(executor_, budget, once,
                   [servers, ended = std::move(ended)](std::uint32_t attempts, const Failure* failure) {
                     ended(*servers, attempts, failure);
                   });
  }

  Probe& probe_;
  LoadBalancer& balancer_;
  Executor& executor_;
};

}  // namespace

std::unique_ptr<Effects> make_effects(Probe& probe, LoadBalancer& balancer, Executor& executor) {
  return std::make_unique<DataplaneEffects>(probe, balancer, executor);
}

}  // namespace virtscale::dataplane
