#include "stages/policy/role.hpp"

#include <mutex>
#include <span>

#include "stages/policy/edges.hpp"
#include "stages/policy/effects.hpp"
#include "stages/policy/fold.hpp"
#include "stages/policy/step.hpp"

namespace virtscale::policy {
namespace {

void add_usages(const State& state, std::vector<OrgUsage>& usages) {
  state.contracts.each("", [&](std::string_view org, const schema::OrgContractT& contract) {
    const auto usage = usage_of(state.usage.find(org));
    const auto envelope = envelope_of(terms_of(*contract.terms));
    for (std::size_t i = 0; i < dimensions_count; ++i) {
      usages.push_back({.org = std::string(org),
                        .dimension = name_of(dimension_at(i)),
                        .envelope = envelope[i],
                        .committed = usage.committed[i],
                        .reserved = usage.reserved[i]});
    }
    return usages.size() < usages_max;
  });
}

class PolicyRole final : public RunnerRole<Fold> {
 public:
  PolicyRole(RoleParts parts, Mail& mail) : RunnerRole(parts, make_effects(mail, parts.stage.executor)) {}

  void start_edges() override { show_usages(); }
  void stop_edges() override {
    const std::lock_guard lock(showing_->mutex);
    showing_->over = true;
  }

  HttpHandler routes() override {
    return make_edges([this](auto visit) { runner_.read_states(std::move(visit)); }, parts_.authorizer,
                      parts_.stage.clock);
  }

 private:
  // Told on one thread, read on the edges': once it is told, none is being shown, and none will be.
  struct Showing {
    std::mutex mutex;
    bool over = false;
  };

  void show_usages() {
    runner_.read_states([&metrics = parts_.stage.metrics](std::span<const State* const> states) {
      std::vector<OrgUsage> usages;
      for (const auto* state : states) add_usages(*state, usages);
      metrics.usages(usages);
    });
    parts_.edges.after(usage_shown_every, [this, showing = showing_] {
      const std::lock_guard lock(showing->mutex);
      if (!showing->over) show_usages();
    });
  }

  const std::shared_ptr<Showing> showing_ = std::make_shared<Showing>();
};

}  // namespace

std::unique_ptr<Role> make_role(RoleParts parts, Mail& mail) {
  return std::make_unique<PolicyRole>(std::move(parts), mail);
}

}  // namespace virtscale::policy
