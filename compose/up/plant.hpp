// The plant: the log, the five stages, their edges and the HTTP servers of one process, in the order in which they
// start and stop.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "compose/settings/settings.hpp"
#include "compose/up/ledger_mirror.hpp"
#include "compose/up/stages.hpp"
#include "compose/up/world.hpp"
#include "stages/signal/schedules.hpp"
#include "topology/adapters/asio/forward_clock.hpp"
#include "topology/host/log_edge.hpp"
#include "topology/ports/authorizer.hpp"
#include "topology/ports/http.hpp"
#include "topology/ports/journal.hpp"

namespace virtscale {

class Plant {
 public:
  /// Starts everything on the data in `data`, which is made if there is none; returns when requests are served.
  /// `on_failure` is called once, on any thread, when the log or a store has failed: end the process then.
  /// Throws std::exception with what is wrong, where, and what to do. `journal` outlives the plant.
  Plant(const Settings& settings, std::filesystem::path data, Journal& journal, std::function<void()> on_failure);
  ~Plant();

  /// Takes no more requests, lets every stage write its state, and makes the log durable.
  void drain();

 private:
  void open_log();
  void start_stages();
  void start_edges();
  void start_servers();
  void tell(const std::string& what);
  void make_operator_token();
  HttpHandler routes();
  HttpHandler signal_routes();

  Settings settings_;
  std::filesystem::path data_;
  Journal& journal_;
  std::function<void()> on_failure_;

  std::unique_ptr<Clock> system_clock_;
  std::unique_ptr<Clock> steady_clock_;
  ForwardClock clock_;
  EdgeIds ids_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<Authorizer> authorizer_;
  std::unique_ptr<Log> log_;
  Subscription failing_;
  std::unique_ptr<World> world_;
  std::unique_ptr<AllStages> stages_;
  std::unique_ptr<ExecutorThread> edge_thread_;
  std::unique_ptr<ExecutorThread> sweep_thread_;
  std::unique_ptr<LogEdge> edge_;
  std::unique_ptr<LedgerMirror> mirror_;
  std::unique_ptr<signal::Schedules> schedules_;
  std::shared_ptr<void> sweep_;
  std::unique_ptr<HttpServer> signal_server_;
  std::unique_ptr<HttpServer> audit_server_;
};

}  // namespace virtscale
