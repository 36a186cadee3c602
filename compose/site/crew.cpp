#include "compose/site/crew.hpp"

#include <algorithm>
#include <iterator>

#include "compose/settings/documents.hpp"
#include "stages/audit/role.hpp"
#include "stages/dataplane/role.hpp"
#include "stages/orchestration/role.hpp"
#include "stages/policy/role.hpp"
#include "stages/signal/role.hpp"

namespace virtscale {

Source stage_serving(std::string_view path) {
  if (path == "/v1/status" || path == "/v1/postmortems") return Source::policy;
  if (path == "/v1/domains") return Source::orchestration;
  const bool of_ledger = path.starts_with("/v1/orgs/") && path.find("/ledger/") != path.npos;
  if (of_ledger || path.starts_with("/v1/scales") || path == "/v1/events") return Source::audit;
  return Source::signal;
}

Crew::Crew(Site& site, Log& log, const std::vector<Source>& stages, OpenStore open_store)
    : site_(site),
      log_(log),
      disk_(site.make_thread()),
      edges_(site.make_thread()),
      blocking_(site.make_thread()),
      edge_(log, *edges_, site.ids()) {
  for (const auto stage : stages) {
    auto& thread = threads_[stage] = site.make_thread();
    roles_[stage] = make_role(stage, {.stage = {.log = log,
                                                .open_store = open_store,
                                                .executor = *thread,
                                                .disk = *disk_,
                                                .clock = site.clock(),
                                                .effects = nullptr,
                                                .metrics = site.metrics(),
                                                .ids = site.ids(),
                                                .on_incident = [&site](const std::string& why) { site.tell(why); }},
                                      .pace = {.commit_every = site.settings().commit_every},
                                      .edge = edge_,
                                      .edges = *edges_,
                                      .blocking = *blocking_,
                                      .authorizer = site.authorizer()});
  }
}

Crew::~Crew() {
  edges_->stop();
  blocking_->stop();
  if (mirroring_) mirroring_->stop();
  for (const auto& [stage, thread] : threads_) thread->stop();
  disk_->stop();
}

std::unique_ptr<Role> Crew::make_role(Source stage, RoleParts parts) {
  auto& world = site_.world();
  const auto ledgers = site_.data() / "ledgers";
  switch (stage) {
    case Source::policy:
      return policy::make_role(std::move(parts), world.mail());
    case Source::orchestration:
      return orchestration::make_role(std::move(parts), world.domains(), site_.settings().sweep_every);
    case Source::dataplane:
      return dataplane::make_role(std::move(parts), world.probe(), world.balancer(), world.haproxy());
    case Source::audit:
      mirroring_ = site_.make_thread();
      mirror_ = std::make_unique<LedgerMirror>(log_, *mirroring_, ledgers, world.keys_directory(),
                                               [&site = site_](const std::string& why) { site.tell(why); });
      return audit::make_role(std::move(parts), world.signer(), ledgers);
    default:
      return make_signal(std::move(parts));
  }
}

std::unique_ptr<Role> Crew::make_signal(RoleParts parts) {
  signal::BackendDepth depth;
  if (auto* haproxy = site_.world().haproxy(); haproxy != nullptr) {
    depth = [haproxy](const std::string& backend, auto done) {
      haproxy->queue_depth(backend, [done = std::move(done)](std::int64_t waiting, const Failure* failure) {
        done(failure == nullptr ? waiting : -1);
      });
    };
  }
  return signal::make_role(std::move(parts), parse_documents, std::move(depth));
}

void Crew::start_edges() {
  for (const auto& [stage, role] : roles_) role->start_edges();
}

void Crew::stop_edges() {
  for (const auto& [stage, role] : roles_) role->stop_edges();
}

void Crew::drain() {
  for (const auto& [stage, role] : roles_) role->drain();
}

void Crew::read_status(std::function<void(std::vector<PartitionStatus>)> tell) {
  read_status_from(roles_.begin(), {}, std::move(tell));
}

// One role after the other, each on its own thread, so that the list needs no lock.
void Crew::read_status_from(std::map<Source, std::unique_ptr<Role>>::iterator role,
                            std::vector<PartitionStatus> gathered,
                            std::function<void(std::vector<PartitionStatus>)> tell) {
  if (role == roles_.end()) return tell(std::move(gathered));
  role->second->read_status([this, role, gathered = std::move(gathered), tell = std::move(tell)](auto more) mutable {
    std::ranges::move(more, std::back_inserter(gathered));
    read_status_from(std::next(role), std::move(gathered), std::move(tell));
  });
}

HttpHandler Crew::routes() {
  std::map<Source, HttpHandler> handlers;
  for (const auto& [stage, role] : roles_) handlers[stage] = role->routes();
  return [handlers = std::move(handlers)](const HttpRequest& request, std::shared_ptr<HttpResponder> to) {
    handlers.at(stage_serving(request.path))(request, std::move(to));
  };
}

}  // namespace virtscale
