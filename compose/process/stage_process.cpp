#include "compose/process/stage_process.hpp"

#include <unistd.h>

#include <array>
#include <mutex>

#include "compose/site/operations.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale {
namespace {

// Of the 20 s that a membership gives for it.
constexpr Duration hand_over_max = seconds(15);

// Answers until the process can: it is up, and waits for the log.
class Reception {
 public:
  void take_over(HttpHandler handler) {
    auto given = std::make_shared<const HttpHandler>(std::move(handler));
    const std::lock_guard lock(mutex_);
    handler_ = std::move(given);
  }
  void handle(const HttpRequest& request, std::shared_ptr<HttpResponder> to) const {
    if (const auto handler = current()) return (*handler)(request, std::move(to));
    if (request.path == "/healthz") return to->respond({.body = "{\"status\":\"up\"}\n"});
    to->respond(try_again("this process is starting: it waits for the log"));
  }

 private:
  std::shared_ptr<const HttpHandler> current() const {
    const std::lock_guard lock(mutex_);
    return handler_;
  }

  // Not an atomic one: the load of libstdc++ 12 lets go of its lock with relaxed order.
  mutable std::mutex mutex_;
  std::shared_ptr<const HttpHandler> handler_;
};

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

// How others reach this process, unless the settings say otherwise.
std::string url_of(const Settings& settings, const std::string& address, std::uint16_t port) {
  if (!settings.advertise.empty()) return settings.advertise;
  const bool any = address == "0.0.0.0" || address == "::";
  const auto host = any ? host_name() : address.find(':') == address.npos ? address : "[" + address + "]";
  return (settings.certificate_file.empty() ? "http://" : "https://") + host + ":" + std::to_string(port);
}

// This process, as brokers and people see it.
std::string member_of(Source stage) {
  return std::string(graph::node_of(stage).name) + "@" + host_name() + ":" + std::to_string(getpid());
}

std::string list_of(const std::vector<std::uint32_t>& partitions) {
  std::string list;
  for (const auto p : partitions) list += (list.empty() ? "" : ",") + std::to_string(p);
  return list.empty() ? "none" : list;
}

}  // namespace

Endpoint Settings::*endpoint_of(Source stage) {
  switch (stage) {
    case Source::policy:
      return &Settings::policy;
    case Source::orchestration:
      return &Settings::orchestration;
    case Source::dataplane:
      return &Settings::dataplane;
    case Source::audit:
      return &Settings::audit;
    default:
      return &Settings::signal;
  }
}

StageProcess::StageProcess(Source stage, const Settings& settings, std::filesystem::path data, Journal& journal,
                           std::function<void()> on_failure)
    : stage_(stage), site_(settings, std::move(data), journal, KeyCare::require), fail_(std::move(on_failure)) {
  const auto reception = std::make_shared<Reception>();
  const auto& endpoint = site_.settings().*endpoint_of(stage);
  server_ = site_.listen_at(endpoint, [reception](const HttpRequest& request, std::shared_ptr<HttpResponder> to) {
    reception->handle(request, std::move(to));
  });
  open_log(url_of(site_.settings(), endpoint.address, server_->port()));
  snapshots_ = std::make_unique<Snapshotting>(site_, *opened_.log, opened_.identity, stage);
  crew_ = std::make_unique<Crew>(site_, *opened_.log, std::vector{stage}, snapshots_->opener());
  reception->take_over(routes());
  crew_->start_edges();
  snapshots_->start(crew_->role(stage));
  join();
}

// Who calls ends before what is called.
StageProcess::~StageProcess() {
  server_.reset();
  if (crew_) crew_->stop_edges();
  if (snapshots_) snapshots_->stop();
  if (relaying_) relaying_->stop();
  relay_.reset();
  if (opened_.membership != nullptr) opened_.membership->leave();
  crew_.reset();
}

void StageProcess::open_log(const std::string& url) {
  const auto& kafka = site_.settings().kafka;
  opened_ = open_kafka_log({.bootstrap = kafka.bootstrap,
                            .prefix = kafka.prefix,
                            .member = member_of(stage_),
                            .url = url,
                            .properties = kafka.properties,
                            .session_timeout = kafka.session_timeout},
                           site_.settings().layout);
  failing_ = opened_.log->on_failure([this](const std::string& why) {
    site_.tell(why);
    failed_ = true;
    fail_();
  });
}

HttpHandler StageProcess::routes() {
  auto own = make_operations_handler({.log = *opened_.log,
                                      .metrics = site_.metrics(),
                                      .authorizer = site_.authorizer(),
                                      .ids = site_.ids(),
                                      .read_status = [this](auto told) { crew_->read_status(std::move(told)); },
                                      .waiting_for =
                                          [this] {
                                            return joined_
                                                       ? std::string()
                                                       : "the group of " + std::string(graph::node_of(stage_).name) +
                                                             ": which partitions are this process's";
                                          }},
                                     [this](const HttpRequest& request, std::shared_ptr<HttpResponder> to) {
                                       if (request.path == snapshots_path) return take_snapshots(request, to);
                                       if (stage_serving(request.path) == stage_) return serve_(request, std::move(to));
                                       to->respond(response_to({404, "not_found", "nothing is at " + request.path}));
                                     });
  serve_ = crew_->routes();
  relaying_ = make_executor();
  relay_ = std::make_shared<Relay>(RelayPorts{.membership = *opened_.membership,
                                              .layout = opened_.log->layout(),
                                              .own = stage_,
                                              .blocking = *relaying_,
                                              .serve = std::move(own)});
  return relay_->handler();
}

void StageProcess::take_snapshots(const HttpRequest& request, const std::shared_ptr<HttpResponder>& to) {
  if (request.method != "POST") return to->respond(wrong_method("POST"));
  auto objection =
      objection_to(request, site_.authorizer(), {"", "snapshots are for operators; the token is an org's"});
  if (objection) return to->respond(std::move(*objection));
  if (!snapshots_->take(crew_->role(stage_))) {
    return to->respond(response_to({409, "no_archive", "write `snapshots: {directory: DIR}` into the settings"}));
  }
  to->respond({.status = 202, .body = "{\"began\":[" + json_string(member_of(stage_)) + "]}\n"});
}

void StageProcess::join() {
  opened_.membership->join(graph::node_of(stage_).inbox,
                           {.assigned = [this](const auto& partitions) { own(partitions); },
                            .revoked = [this](const auto& partitions) { disown(partitions); }});
}

void StageProcess::own(const std::vector<std::uint32_t>& partitions) {
  tell_of("owns partitions", partitions);
  try {
    crew_->role(stage_).own(partitions);
    crew_->role(stage_).learn();
    joined_ = true;
  } catch (const std::exception& error) {
    site_.tell(error.what());
    fail_();
  }
}

void StageProcess::disown(const std::vector<std::uint32_t>& partitions) {
  crew_->role(stage_).disown(partitions, failed_ ? Duration{} : hand_over_max);
  crew_->role(stage_).learn();
  tell_of("gave up partitions", partitions);
}

void StageProcess::drain() {
  server_.reset();
  crew_->stop_edges();
  snapshots_->stop();
  opened_.membership->leave();
  opened_.log->sync();
}

void StageProcess::tell_of(const char* what, const std::vector<std::uint32_t>& partitions) {
  site_.journal().write(
      {.stage = graph::node_of(stage_).name, .message = what, .fields = {{"partitions", list_of(partitions)}}});
}

}  // namespace virtscale
