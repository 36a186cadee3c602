#include "compose/up/plant.hpp"

#include <sodium.h>
#include <sys/stat.h>

#include <fstream>
#include <future>

#include "compose/settings/documents.hpp"
#include "compose/settings/tokens.hpp"
#include "compose/up/operations.hpp"
#include "stages/audit/edges.hpp"
#include "stages/dataplane/edges.hpp"
#include "stages/orchestration/edges.hpp"
#include "stages/policy/edges.hpp"
#include "stages/signal/edges.hpp"
#include "topology/adapters/http/server.hpp"
#include "topology/adapters/metrics/metrics.hpp"
#include "topology/adapters/rocksdb/store.hpp"
#include "topology/adapters/segment/segment_log.hpp"

namespace virtscale {
namespace {

std::uint64_t drawn() {
  std::uint64_t number = 0;
  randombytes_buf(&number, sizeof number);
  return number;
}

// The newest timestamp of the log: the clock does not begin before it.
Instant newest_in(Log& log) {
  Instant newest;
  for (std::size_t topic = 0; topic < topics_count; ++topic) {
    for (std::uint32_t p = 0; p < log.layout().partitions[topic]; ++p) {
      const TopicPartition of{static_cast<Topic>(topic), p};
      const auto end = log.end(of);
      if (end == 0) continue;
      log.read(of, end - 1, 1, [&](const LogRecord& record) {
        newest = std::max(newest, record.timestamp);
        return false;
      });
    }
  }
  return newest;
}

// The schedules of all services that the state knows.
std::vector<signal::Schedule> schedules_in(const signal::State& state) {
  std::vector<signal::Schedule> schedules;
  state.services.each("", [&](std::string_view key, const schema::ScaledServiceT& service) {
    const auto slash = key.find('/');
    for (const auto& rule : service.rules) {
      if (rule->cron.empty()) continue;
      schedules.push_back(
          {std::string(key.substr(0, slash)), std::string(key.substr(slash + 1)), rule->cron, rule->zone});
    }
    return true;
  });
  return schedules;
}

// Gathers the state's answer of every partition before it goes on. REQUIRES: not called on the stage's thread.
template <class Runner, class Look>
void look_and_wait(Runner& runner, Look look) {
  std::promise<void> looked;
  runner.read_state([&](const auto& state) { look(state); });
  runner.read_status([&](const auto&) { looked.set_value(); });
  looked.get_future().get();
}

}  // namespace

Plant::Plant(const Settings& settings, std::filesystem::path data, Journal& journal, std::function<void()> on_failure)
    : settings_(settings),
      data_(std::move(data)),
      journal_(journal),
      on_failure_(std::move(on_failure)),
      system_clock_(make_system_clock()),
      steady_clock_(make_steady_clock()),
      clock_(*system_clock_, *steady_clock_),
      ids_(drawn()),
      metrics_(make_metrics()) {
  std::filesystem::create_directories(data_);
  open_log();
  make_operator_token();
  authorizer_ = make_authorizer(settings_.tokens);
  world_ = std::make_unique<World>(settings_, data_, clock_);
  start_stages();
  start_edges();
  start_servers();
}

// Edges end before what they lean on.
Plant::~Plant() {
  signal_server_.reset();
  audit_server_.reset();
  schedules_.reset();
  sweep_.reset();
  if (edge_thread_) edge_thread_->stop();
  if (sweep_thread_) sweep_thread_->stop();
  mirror_.reset();
  stages_.reset();
  world_.reset();
}

void Plant::open_log() {
  auto opened = open_segment_log({.directory = data_ / "log",
                                  .layout = settings_.layout,
                                  .clock = &clock_,
                                  .segment_bytes_max = settings_.segment_bytes_max});
  log_ = std::move(opened.log);
  clock_.not_before(newest_in(*log_));
  if (opened.recovery.bytes_cut > 0) {
    journal_.write(
        {.severity = Severity::warning,
         .message = "the log's torn tail was cut off: it was never confirmed to be durable",
         .fields = {{"bytes", std::to_string(opened.recovery.bytes_cut)}, {"reason", opened.recovery.reason}}});
  }
  failing_ = log_->on_failure([this](const std::string& why) {
    tell(why);
    on_failure_();
  });
}

// Without any token nobody could ask for anything: the first start makes the operator's.
void Plant::make_operator_token() {
  if (!settings_.tokens.empty()) return;
  const auto file = data_ / "operator.token";
  std::string token;
  if (std::ifstream in(file); in) {
    std::getline(in, token);
  } else {
    token = generate_token();
    const auto before = umask(0177);
    std::ofstream(file) << token << "\n";
    umask(before);
    journal_.write(
        {.message = "an operator's token was made: use it with --token-file", .fields = {{"file", file.string()}}});
  }
  settings_.tokens.push_back({"", hash_of_token(token)});
}

void Plant::start_stages() {
  stages_ = std::make_unique<AllStages>(
      AllStagesPorts{.log = *log_,
                     .open_store =
                         [this](std::string_view stage, std::uint32_t partition) {
                           return open_rocksdb_store(data_ / "state" /
                                                     (std::string(stage) + "-" + std::to_string(partition)));
                         },
                     .clock = clock_,
                     .metrics = *metrics_,
                     .ids = ids_,
                     .drivers = world_->drivers(),
                     .on_incident = [this](const std::string& why) { tell(why); }},
      Pace{.commit_every = settings_.commit_every});
  stages_->start();
}

void Plant::start_edges() {
  edge_thread_ = make_executor();
  sweep_thread_ = make_executor();
  edge_ = std::make_unique<LogEdge>(*log_, *edge_thread_, ids_);
  mirror_ = std::make_unique<LedgerMirror>(*log_, data_ / "ledgers", world_->keys_directory(),
                                           [this](const std::string& why) { tell(why); });
  std::vector<signal::Schedule> schedules;
  look_and_wait(stages_->signal(), [&](const signal::State& state) {
    for (auto& schedule : schedules_in(state)) schedules.push_back(std::move(schedule));
  });
  schedules_ = std::make_unique<signal::Schedules>(*edge_, clock_, *edge_thread_, std::move(schedules));
  sweep_ = orchestration::start_orphan_sweep(
      {.domains = world_->domains(),
       .log = *edge_,
       .executor = *sweep_thread_,
       .read_state = [this](auto look) { stages_->orchestration().read_state(std::move(look)); },
       .read_status = [this](auto told) { stages_->orchestration().read_status(std::move(told)); }},
      {.cell = settings_.sweep_cell, .every = settings_.sweep_every});
  if (world_->haproxy() != nullptr) {
    dataplane::watch_balancer(
        *world_->haproxy(), [this](auto look) { stages_->dataplane().read_state(std::move(look)); }, *edge_);
  }
}

void Plant::start_servers() {
  const auto options = [this](const Endpoint& at) {
    return HttpServerOptions{.address = at.address,
                             .port = at.port,
                             .certificate_file = settings_.certificate_file,
                             .key_file = settings_.certificate_key_file};
  };
  const auto handler = routes();
  signal_server_ = listen(options(settings_.signal), handler);
  audit_server_ = listen(options(settings_.audit), handler);
  journal_.write({.message = "up",
                  .fields = {{"signal", settings_.signal.address + ":" + std::to_string(signal_server_->port())},
                             {"audit", settings_.audit.address + ":" + std::to_string(audit_server_->port())},
                             {"data", data_.string()}}});
}

// In one process every server has every route; the ports differ so that clients need not change when stages move apart.
HttpHandler Plant::routes() {
  const auto to_signal = signal_routes();
  const auto to_policy = policy::status_handler([this](auto look) { stages_->policy().read_state(std::move(look)); },
                                                *authorizer_, clock_);
  const auto to_domains = orchestration::make_domains_handler(
      [this](auto look) { stages_->orchestration().read_state(std::move(look)); }, *authorizer_);
  const auto to_audit =
      audit::make_edges({.read = [this](auto visit) { stages_->audit().read_states(std::move(visit)); },
                         .log = *edge_,
                         .authorizer = *authorizer_,
                         .ledgers = data_ / "ledgers"});
  const auto by_path = [=](const HttpRequest& request, std::shared_ptr<HttpResponder> to) {
    const auto& path = request.path;
    if (path == "/v1/status") return to_policy(request, std::move(to));
    if (path == "/v1/domains") return to_domains(request, std::move(to));
    const bool of_ledger = path.starts_with("/v1/orgs/") && path.find("/ledger/") != path.npos;
    if (of_ledger || path.starts_with("/v1/scales") || path == "/v1/events") return to_audit(request, std::move(to));
    return to_signal(request, std::move(to));
  };
  return make_operations_handler({.log = *log_,
                                  .metrics = *metrics_,
                                  .authorizer = *authorizer_,
                                  .read_status = [this](auto told) { stages_->read_status(std::move(told)); }},
                                 by_path);
}

HttpHandler Plant::signal_routes() {
  signal::EdgeParts parts{
      .log = *edge_, .executor = *edge_thread_, .authorizer = *authorizer_, .read_documents = parse_documents};
  if (auto* haproxy = world_->haproxy(); haproxy != nullptr) {
    parts.queue_depth = [this, haproxy](const std::string& org, const std::string& service, auto done) {
      stages_->signal().read_state([haproxy, key = org + "/" + service, done](const signal::State& state) {
        const auto* row = state.services.find(key);
        if (row == nullptr || row->haproxy_backend.empty()) return done(-1);
        haproxy->queue_depth(row->haproxy_backend, [done](std::int64_t waiting, const Failure* failure) {
          done(failure == nullptr ? waiting : -1);
        });
      });
    };
  }
  return signal::make_edges(std::move(parts));
}

void Plant::drain() {
  signal_server_.reset();
  audit_server_.reset();
  schedules_.reset();
  sweep_.reset();
  stages_->drain();
  log_->sync();
}

void Plant::tell(const std::string& what) {
  journal_.write({.severity = Severity::error, .message = what});
}

}  // namespace virtscale
