#include "tests/simulation/world/drivers.hpp"

#include <stdexcept>
#include <utility>

#include "stages/dataplane/edges.hpp"
#include "stages/orchestration/edges.hpp"
#include "stages/signal/schedules.hpp"
#include "tests/simulation/world/balancer.hpp"

namespace virtscale::simulation {
namespace {

class SimulatedDomains final : public Domains {
 public:
  SimulatedDomains(World& world, Executor& executor) : world_(world), executor_(executor) {}

  void start(const DomainOrder& order, Started done) override {
    const auto address = std::make_shared<DomainAddress>();
    world_.calls.make(
        executor_,
        [this, order, address](const Ended& ended) {
          world_.fleet.start(order, [address, ended](const DomainAddress* at, const Failure* failure) {
            if (at != nullptr) *address = *at;
            ended(failure);
          });
        },
        [address, done = std::move(done)](const Failure* failure) {
          done(failure == nullptr ? address.get() : nullptr, failure);
        });
  }
  void stop(const std::string& name, Stopped done) override {
    world_.calls.make(
        executor_,
        [this, name](const Ended& ended) {
          world_.fleet.stop(name);
          ended(nullptr);
        },
        std::move(done));
  }
  std::vector<std::string> running(std::string_view cell) override {
    if (world_.faults.strikes(Fault::driver_error)) throw std::runtime_error("the driver cannot look");
    return world_.fleet.running(cell);
  }

 private:
  World& world_;
  Executor& executor_;
};

class SimulatedMail final : public Mail {
 public:
  SimulatedMail(World& world, Executor& executor) : world_(world), executor_(executor) {}

  void send(const MailOrder& order, Sent done) override {
    world_.calls.make(
        executor_,
        [this, order](const Ended& ended) {
          const auto failure = world_.mailbox.take(order);
          ended(failure ? &*failure : nullptr);
        },
        std::move(done));
  }

 private:
  World& world_;
  Executor& executor_;
};

class SimulatedProbe final : public Probe {
 public:
  SimulatedProbe(World& world, Executor& executor) : world_(world), executor_(executor) {}

  void probe(const ProbeOrder& order, Probed done) override {
    auto looking = std::make_shared<Looking>();
    looking->order = order;
    looking->done = std::move(done);
    looking->deadline = world_.time.now() + order.deadline;
    if (auto dice = world_.faults.strikes(Fault::probe_lies)) {
      looking->lies_of_life = dice->one_in(2);
      if (!looking->lies_of_life) looking->blind_until = world_.time.now() + dice->between({}, order.deadline * 2);
    }
    look(looking);
  }

 private:
  struct Looking {
    ProbeOrder order;
    Probed done;
    Instant deadline;
    Instant blind_until;
    bool lies_of_life = false;
    std::uint32_t attempts = 0;
  };

  bool sees_life(const Looking& looking) const {
    if (looking.lies_of_life) return true;
    return world_.time.now() >= looking.blind_until && world_.fleet.listens(looking.order.target);
  }

  void look(const std::shared_ptr<Looking>& looking) {
    ++looking->attempts;
    if (sees_life(*looking)) return executor_.post([looking] { looking->done(looking->attempts, nullptr); });
    if (world_.time.now() + looking->order.every > looking->deadline) {
      return executor_.post([looking] {
        const Failure failure{"no answer before the deadline", false};
        looking->done(looking->attempts, &failure);
      });
    }
    executor_.after(looking->order.every, [this, looking] { look(looking); });
  }

  World& world_;
  Executor& executor_;
};

// The schedules of all services in the states, as the role of signal gathers them.
std::vector<virtscale::signal::Schedule> schedules_in(std::span<const virtscale::signal::State* const> states) {
  std::vector<virtscale::signal::Schedule> schedules;
  for (const auto* state : states) {
    state->services.each("", [&](std::string_view key, const virtscale::signal::ScaledService& service) {
      const auto slash = key.find('/');
      service.each_rule([&](const schema::RuleView& rule) {
        if (!rule.cron.empty())
          schedules.push_back({std::string(key.substr(0, slash)), std::string(key.substr(slash + 1)),
                               std::string(rule.cron), std::string(rule.zone)});
        return true;
      });
      return true;
    });
  }
  return schedules;
}

class SimulatedDrivers final : public Drivers {
 public:
  SimulatedDrivers(World& world, const Life& life)
      : signer_(world.signer),
        life_(life),
        domains_(world, life.executor),
        probe_(world, life.executor),
        mail_(world, life.executor),
        balancer_(make_balancer(world, life.executor)) {}

  Domains& domains() override { return domains_; }
  Probe& probe() override { return probe_; }
  LoadBalancer& balancer() override { return *balancer_; }
  Mail& mail() override { return mail_; }
  const Signer& signer() override { return signer_; }

  void start_edges(Source stage) override {
    if (stage == Source::orchestration) {
      sweep_ = orchestration::start_orphan_sweep({.domains = domains_,
                                                  .log = life_.edge,
                                                  .executor = life_.executor,
                                                  .read_state = life_.read_orchestration,
                                                  .read_status = life_.orchestration_status},
                                                 {});
    }
    if (stage == Source::dataplane) dataplane::watch_balancer(*balancer_, life_.read_dataplane, life_.edge);
  }

  void learn(Source stage) override {
    if (stage != Source::signal) return;
    life_.read_signal([this](std::span<const virtscale::signal::State* const> states) {
      schedules_ =
          std::make_unique<virtscale::signal::Schedules>(life_.edge, life_.clock, life_.executor, schedules_in(states));
    });
  }

 private:
  const Signer& signer_;
  Life life_;
  SimulatedDomains domains_;
  SimulatedProbe probe_;
  SimulatedMail mail_;
  std::unique_ptr<Haproxy> balancer_;
  std::shared_ptr<void> sweep_;
  std::unique_ptr<virtscale::signal::Schedules> schedules_;
};

}  // namespace

std::unique_ptr<Drivers> make_drivers(World& world, const Life& life) {
  return std::make_unique<SimulatedDrivers>(world, life);
}

}  // namespace virtscale::simulation
