#include "stages/dataplane/role.hpp"

#include "stages/dataplane/edges.hpp"
#include "stages/dataplane/effects.hpp"
#include "stages/dataplane/fold.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::dataplane {
namespace {

class DataplaneRole final : public RunnerRole<Fold> {
 public:
  DataplaneRole(RoleParts parts, Probe& probe, LoadBalancer& balancer, Haproxy* watched)
      : RunnerRole(parts, make_effects(probe, balancer, parts.stage.executor)), watched_(watched) {}

  void start_edges() override {
    if (watched_ == nullptr) return;
    watch_balancer(
        *watched_, [this](auto look) { runner_.read_state(std::move(look)); }, parts_.edge);
  }

  HttpHandler routes() override {
    return [](const HttpRequest& request, std::shared_ptr<HttpResponder> to) {
      to->respond(response_to({404, "not_found", "the dataplane serves nothing at " + request.path}));
    };
  }

 private:
  Haproxy* watched_;
};

}  // namespace

std::unique_ptr<Role> make_role(RoleParts parts, Probe& probe, LoadBalancer& balancer, Haproxy* watched) {
  return std::make_unique<DataplaneRole>(std::move(parts), probe, balancer, watched);
}

}  // namespace virtscale::dataplane
