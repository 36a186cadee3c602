#include "stages/orchestration/role.hpp"

#include "stages/orchestration/edges.hpp"
#include "stages/orchestration/effects.hpp"
#include "stages/orchestration/fold.hpp"

namespace virtscale::orchestration {
namespace {

class OrchestrationRole final : public RunnerRole<Fold> {
 public:
  OrchestrationRole(RoleParts parts, Domains& domains, Duration sweep_every)
      : RunnerRole(parts, make_effects(domains, parts.stage.executor)), domains_(domains), sweep_every_(sweep_every) {}

  void start_edges() override {
    sweep_ = start_orphan_sweep({.domains = domains_,
                                 .log = parts_.edge,
                                 .executor = parts_.blocking,
                                 .read_state = [this](auto look) { runner_.read_state(std::move(look)); },
                                 .read_status = [this](auto tell) { runner_.read_status(std::move(tell)); }},
                                {.every = sweep_every_});
  }
  void stop_edges() override { sweep_.reset(); }

  HttpHandler routes() override {
    return make_domains_handler([this](auto look) { runner_.read_state(std::move(look)); }, parts_.authorizer);
  }

 private:
  Domains& domains_;
  Duration sweep_every_;
  std::shared_ptr<void> sweep_;
};

}  // namespace

std::unique_ptr<Role> make_role(RoleParts parts, Domains& domains, Duration sweep_every) {
  return std::make_unique<OrchestrationRole>(std::move(parts), domains, sweep_every);
}

}  // namespace virtscale::orchestration
