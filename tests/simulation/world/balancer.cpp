#include "tests/simulation/world/balancer.hpp"

#include <optional>
#include <utility>

namespace virtscale::simulation {
namespace {

class SimulatedBalancer final : public Haproxy {
 public:
  SimulatedBalancer(World& world, Executor& executor) : world_(world), executor_(executor), begun_(world.time.now()) {}

  void add(const BackendOrder& order, Changed done) override {
    change([this, order](Changed changed) { world_.pools.add(order, std::move(changed)); }, std::move(done));
  }
  void drain(const std::string& backend, const std::string& server, Changed done) override {
    world_.pools.note_drain_asked(server);
    change([this, backend, server](Changed changed) { world_.pools.drain(backend, server, std::move(changed)); },
           std::move(done));
  }
  void queue_depth(const std::string&, Depth done) override {
    const auto depth = world_.queues.between(0, 500);
    executor_.post([depth, done = std::move(done)] { done(depth, nullptr); });
  }
  void watch(std::function<void(const HaproxySight&)> seen) override {
    seen_ = std::move(seen);
    look();
  }

 private:
  void change(std::function<void(Changed)> act, Changed done) {
    const auto servers = std::make_shared<std::uint32_t>(0);
    world_.calls.make(
        executor_,
        [act = std::move(act), servers](const Ended& ended) {
          act([servers, ended](std::uint32_t count, const Failure* failure) {
            *servers = count;
            ended(failure);
          });
        },
        [servers, done = std::move(done)](const Failure* failure) {
          done(failure == nullptr ? *servers : 0, failure);
        });
  }

  // A process that has died looks no more, since its executor drops the next look.
  void look() {
    if (world_.pools.answers()) seen_(sight());
    executor_.after(HaproxySettings{}.watch_every, [this] { look(); });
  }

  HaproxySight sight() {
    HaproxySight sight;
    const auto life = world_.pools.lives();
    const bool restarted = life_seen_ && *life_seen_ != life;
    life_seen_ = life;
    sight.continuity = restarted ? HaproxySight::Continuity::restarted : HaproxySight::Continuity::same;
    sight.at = world_.time.now() - begun_;
    for (const auto& [backend, pool] : world_.pools.pools()) {
      for (const auto& [server, row] : pool) {
        sight.servers[backend].insert(server);
        if (row.phase == Server::Phase::draining) sight.resting[backend].insert(server);
      }
    }
    return sight;
  }

  World& world_;
  Executor& executor_;
  Instant begun_;
  std::function<void(const HaproxySight&)> seen_;
  std::optional<std::uint64_t> life_seen_;
};

}  // namespace

std::unique_ptr<Haproxy> make_balancer(World& world, Executor& executor) {
  return std::make_unique<SimulatedBalancer>(world, executor);
}

}  // namespace virtscale::simulation
